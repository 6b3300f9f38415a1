"""UBL 2.1 invoices (Peppol BIS Billing 3, EN 16931): read as they are, added up, brought into Uganda's terms."""

"""Goods and their stock."""

from conformance import sales
from conformance.cases import Case, expect
from conformance.online.stage import Stage, all_rows_taken, content, records, rows_of


def upload_goods(at: Stage) -> str:
    rows = [sales.goods("P1"), sales.goods("P2", goodsName="Pencil")]
    return all_rows_taken(at.client.upload_goods(rows))


def inquire_goods(at: Stage) -> str:
    row = records(at.client.inquire_goods(sales.PAGE | {"goodsCode": "P1"}))[0]
    expect((row["goodsName"], row["unitPrice"]), ("Pen", "3933.34"), "name and price")
    at.known["goods"] = row["id"]
    return f"{row['goodsName']} with id {row['id']}"


def units_of_goods(at: Stage) -> str:
    found = content(at.client.query_goods_by_code("P1"))
    row = found[0] if isinstance(found, list) else found
    expect(row["measureUnit"], "101", "measureUnit")
    return f"{row['goodsCode']} in unit {row['measureUnit']}"


def bring_stock(at: Stage) -> str:
    taken = all_rows_taken(at.client.maintain_stock(sales.stock_in("P1", "100", at.today())))
    made = {"stockInType": "103", "supplierName": "", "productionBatchNo": "B-1", "productionDate": at.today()}
    all_rows_taken(at.client.maintain_stock(sales.stock_in("P2", "5", at.today(), **made)))
    all_rows_taken(at.client.maintain_stock(sales.write_off("P1", "4")))
    return taken


def stock_level(at: Stage) -> str:
    level = content(at.client.query_stock_quantity(at.known["goods"], sales.MAIN))["stock"]
    expect(level, "96", "stock")
    return f"{level} in stock"


def move_stock(at: Stage) -> str:
    taken = all_rows_taken(at.client.transfer_stock(sales.transfer("P1", "10")))
    level = content(at.client.query_stock_quantity(at.known["goods"], sales.SECOND))["stock"]
    expect(level, "10", "stock of the second branch")
    return taken


def stock_records(at: Stage) -> str:
    filters = {"productionBatchNo": "B-1", "invoiceNo": "", "referenceNo": ""}
    return rows_of(records(at.client.query_stock_records(sales.PAGE | filters)), "records")


def stock_increases(at: Stage) -> str:
    rows = records(at.client.query_stock_records_alt(sales.PAGE | {"stockInType": "102"}))
    at.known["stock in"] = rows[0]["id"]
    return rows_of(rows, "records")


def stock_increase(at: Stage) -> str:
    return rows_of(content(at.client.query_stock_record_detail(at.known["stock in"]))["goodsStockInGoods"], "goods")


def stock_reductions(at: Stage) -> str:
    rows = records(at.client.query_stock_adjust_records(sales.PAGE | {"referenceNo": ""}))
    at.known["adjustment"] = rows[0]["id"]
    return rows_of(rows, "records")


def stock_reduction(at: Stage) -> str:
    return rows_of(
        content(at.client.query_stock_adjust_detail(at.known["adjustment"]))["goodsStocAdjustGoods"], "goods"
    )


def stock_transfers(at: Stage) -> str:
    rows = records(at.client.query_stock_transfer_records(sales.PAGE | {"referenceNo": ""}))
    at.known["transfer"] = rows[0]["id"]
    return rows_of(rows, "records")


def stock_transfer(at: Stage) -> str:
    return rows_of(
        content(at.client.query_stock_transfer_detail(at.known["transfer"]))["goodsStockTransferItem"], "goods"
    )


CASES: list[Case[Stage]] = [
    Case("T130", "upload_goods", upload_goods),
    Case("T127", "inquire_goods", inquire_goods),
    Case("T144", "query_goods_by_code", units_of_goods),
    Case("T131", "maintain_stock", bring_stock),
    Case("T128", "query_stock_quantity", stock_level),
    Case("T139", "transfer_stock", move_stock),
    Case("T145", "query_stock_records", stock_records),
    Case("T147", "query_stock_records_alt", stock_increases),
    Case("T148", "query_stock_record_detail", stock_increase),
    Case("T149", "query_stock_adjust_records", stock_reductions),
    Case("T160", "query_stock_adjust_detail", stock_reduction),
    Case("T183", "query_stock_transfer_records", stock_transfers),
    Case("T184", "query_stock_transfer_detail", stock_transfer),
    Case(
        "T177",
        "query_negative_stock_config",
        lambda at: f"status {content(at.client.query_negative_stock_config())['goodsStockLimit']['statusCode']}",
    ),
]

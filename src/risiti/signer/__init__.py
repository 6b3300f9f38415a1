"""The reference signer: keeps devices' private keys in a folder, apart from the gateway, and signs for it."""

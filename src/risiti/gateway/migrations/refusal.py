"""Why a database is not upgraded, or a copy not made or not finished."""


class UpgradeRefused(Exception):
    """The database cannot be brought up to date. The message says why and what to do; nothing was changed."""


class CopyRefused(Exception):
    """The copy cannot begin or go on. The message says why and what to do; nothing was harmed."""


class CopyDiffers(Exception):
    """Source and target are not the same after all. The message names the table; the target is not released."""

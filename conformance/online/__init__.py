"""Every call of `ura-efris-sdk` against the online endpoint, in files named after what they are about."""

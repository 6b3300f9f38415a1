"""A101: how the public checks a receipt and takes part in the lottery; undocumented."""

from risiti.efris.models.base import OpenRequest


class PublicVerification(OpenRequest):
    """Request of A101. No field is known; codes 501-509 speak of a captcha, a QR code and the lottery."""

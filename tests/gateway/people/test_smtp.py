"""Letters over real connections: encrypted or not at all, and what a mail server's answers mean."""

import ipaddress
import ssl
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from risiti.gateway.kernel.secrets import Secret
from risiti.gateway.people.letters import Letter
from risiti.gateway.people.smtp import MailServer, NotSent, RefusedForGood, Security, posting
from tests.gateway.people.mailbox import MailBox, mailbox
from tests.make import a_private_key

pytestmark = pytest.mark.anyio

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
LETTER = Letter("amina@shop.invalid", "Subject", "Hello Amina,\n\nrot_secret\n")


def server(box: MailBox, security: Security, **more: object) -> MailServer:
    fields = {"sender": "risiti@shop.invalid", "public_url": "https://risiti.invalid", **more}
    return MailServer(host="127.0.0.1", port=box.port, security=security, **fields)  # type: ignore[arg-type]  # by name


@pytest.fixture(scope="module")
def contexts(tmp_path_factory: pytest.TempPathFactory) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """The mail server's TLS, and that of a caller who trusts it."""
    key, today = a_private_key(), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "mail (fictitious)")])
    builder = x509.CertificateBuilder(name, name, key.public_key(), 1, today - timedelta(1), today + timedelta(2))
    names = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    certificate = builder.add_extension(names, critical=False).sign(key, hashes.SHA256())
    file = tmp_path_factory.mktemp("tls") / "mail.pem"
    pem = certificate.public_bytes(Encoding.PEM)
    file.write_bytes(pem + key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    served = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    served.load_cert_chain(file)
    return served, ssl.create_default_context(cadata=pem.decode())


async def test_a_letter_arrives_as_it_was_written() -> None:
    async with mailbox() as box:
        await posting(server(box, Security.NONE))(LETTER, "tsk_1.1", NOW)
        (letter,) = box.letters
    assert letter.get_content().replace("\r\n", "\n") == LETTER.text
    assert (letter["To"], letter["From"]) == ("amina@shop.invalid", "Risiti <risiti@shop.invalid>")
    assert letter["Message-ID"] == "<tsk_1.1@risiti.invalid>"
    assert letter["Date"].datetime == NOW
    assert letter["Auto-Submitted"] == "auto-generated"


@pytest.mark.parametrize(("security", "implicit"), [(Security.STARTTLS, False), (Security.TLS, True)])
async def test_over_tls_with_a_user(
    contexts: tuple[ssl.SSLContext, ssl.SSLContext], security: Security, *, implicit: bool
) -> None:
    served, trusting = contexts
    async with mailbox(tls=served, implicit=implicit, wants_user=True) as box:
        post = posting(server(box, security, tls=trusting, user="till", password=Secret("right")))
        await post(LETTER, "tsk_1.1", NOW)
        assert len(box.letters) == 1
        assert box.signed_in == [(b"till", b"right")]
        with pytest.raises(NotSent, match="535"):
            await posting(server(box, security, tls=trusting, user="till", password=Secret("wrong")))(LETTER, "x", NOW)


@pytest.mark.parametrize(("security", "implicit"), [(Security.STARTTLS, False), (Security.TLS, True)])
async def test_a_mail_server_that_nobody_vouches_for_gets_neither_letter_nor_password(
    contexts: tuple[ssl.SSLContext, ssl.SSLContext], security: Security, *, implicit: bool
) -> None:
    async with mailbox(tls=contexts[0], implicit=implicit, wants_user=True) as box:
        with pytest.raises(NotSent, match="cannot be used"):
            await posting(server(box, security, user="till", password=Secret("right")))(LETTER, "tsk_1.1", NOW)
        assert (box.letters, box.signed_in) == ([], [])


async def test_without_starttls_at_the_mail_server_nothing_is_sent_in_clear() -> None:
    async with mailbox() as box:
        with pytest.raises(NotSent, match="cannot be used"):
            await posting(server(box, Security.STARTTLS))(LETTER, "tsk_1.1", NOW)
        assert box.letters == []


@pytest.mark.parametrize("answer", ["550 no such user rot_secret", "553 not allowed"])
async def test_an_address_that_is_refused_for_good_is_not_tried_again(answer: str) -> None:
    async with mailbox() as box:
        box.recipient_answers = [answer]
        with pytest.raises(RefusedForGood, match=answer[:3]) as refusal:
            await posting(server(box, Security.NONE))(LETTER, "tsk_1.1", NOW)
    assert "rot_secret" not in str(refusal.value)


async def test_whatever_else_a_mail_server_says_is_tried_again() -> None:
    async with mailbox() as box:
        box.recipient_answers = ["451 greylisted"]
        with pytest.raises(NotSent, match="451"):
            await posting(server(box, Security.NONE))(LETTER, "tsk_1.1", NOW)
        box.data_answers = ["554 looks like spam rot_secret"]
        with pytest.raises(NotSent, match="554") as refusal:
            await posting(server(box, Security.NONE))(LETTER, "tsk_1.1", NOW)
        assert "rot_secret" not in str(refusal.value)
    with pytest.raises(NotSent, match="cannot be used"):  # nobody listens there any more
        await posting(server(box, Security.NONE))(LETTER, "tsk_1.1", NOW)


@pytest.mark.parametrize("address", ["a@shop.invalid, b@shop.invalid", "a@shop.invalid\r\nBcc: b@shop.invalid", "a"])
async def test_what_is_no_single_address_gets_nothing(address: str) -> None:
    async with mailbox() as box:
        with pytest.raises(RefusedForGood):
            await posting(server(box, Security.NONE))(Letter(address, "Subject", "Text"), "tsk_1.1", NOW)
        assert box.letters == []

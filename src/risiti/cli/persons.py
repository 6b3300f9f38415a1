"""What `risiti user` does; each function returns what is printed."""

from collections.abc import Callable
from dataclasses import asdict, dataclass

from sqlalchemy.orm import Session

from risiti.cli.tenants import Result, opened_runtime, plain
from risiti.gateway.events import OPERATOR
from risiti.gateway.people import letters, mailing
from risiti.gateway.runtime import Runtime
from risiti.gateway.settings import Settings
from risiti.gateway.tenancy import accounts, companies, second_factors, sign_ins, users
from risiti.gateway.tenancy.access import Role
from risiti.gateway.tenancy.user_tables import Purpose, User


@dataclass(frozen=True, slots=True)
class NewUser:
    """Somebody to be added."""

    email: str
    name: str
    company_id: str | None
    role: str
    operator: bool


async def add_user(settings: Settings, new: NewUser, *, mail: bool) -> Result:
    """Add a person, give them a role in a company if one is named, and let them choose a password."""

    def unit(session: Session) -> Result:
        user = users.add(session, runtime.ids, runtime.clock, email=new.email, name=new.name, is_operator=new.operator)
        if new.company_id is not None:
            companies.read(session, new.company_id)
            users.give_role(
                session, runtime.ids, runtime.clock, new.company_id, user.id, role=Role(new.role), by=OPERATOR
            )
        return _link(session, runtime, user, Purpose.SET_PASSWORD, mail=mail)

    async with opened_runtime(settings) as runtime:
        return await runtime.database.write(unit)


async def give_role(settings: Settings, *, email: str, company_id: str, role: str) -> Result:
    """Give a person a role in a company."""

    def unit(session: Session) -> Result:
        user = users.known(session, email)
        companies.read(session, company_id)
        users.give_role(session, runtime.ids, runtime.clock, company_id, user.id, role=Role(role), by=OPERATOR)
        return {"user_id": user.id, "email": user.email, "company_id": company_id, "role": role}

    async with opened_runtime(settings) as runtime:
        return await runtime.database.write(unit)


async def link_for(settings: Settings, email: str, purpose: str, *, mail: bool) -> Result:
    """Make a link with which a person does one thing, once; or have it sent to them."""
    async with opened_runtime(settings) as runtime:
        return await runtime.database.write(
            lambda session: _link(session, runtime, users.known(session, email), Purpose(purpose), mail=mail)
        )


async def show_user(settings: Settings, *, email: str) -> Result:
    """Return what is known of a person, and where they are signed in."""

    def unit(session: Session, runtime: Runtime, user: User) -> Result:
        found = plain(users.view(session, user))
        found["companies"] = [asdict(one) for one in users.view(session, user).companies]
        found["has_password"] = user.password_hash is not None
        found["disabled_at"] = None if user.disabled_at is None else user.disabled_at.isoformat()
        found["recovery_codes_left"] = second_factors.codes_left(session, user.id)
        found["sign_ins"] = [plain(one) for one in sign_ins.of_user(session, user.id, runtime.clock.now())]
        return found

    return await _with(settings, email, unit)


async def sign_out_user(settings: Settings, *, email: str) -> Result:
    """End all sign-ins of a person."""
    return await _with(
        settings,
        email,
        lambda session, runtime, user: {
            "ended": accounts.sign_out(session, runtime.ids, runtime.clock, user.id, by=OPERATOR).sign_ins
        },
    )


async def remove_second_factor(settings: Settings, *, email: str) -> Result:
    """Ask a person no more for a second factor, and end all their sign-ins."""

    def unit(session: Session, runtime: Runtime, user: User) -> Result:
        removed = users.remove_second_factor(session, runtime.ids, runtime.clock, user.id, by=OPERATOR)
        return {"removed": removed, "ended": sign_ins.end_all(session, user.id, runtime.clock.now())}

    return await _with(settings, email, unit)


async def leave_company(settings: Settings, *, email: str, company_id: str) -> Result:
    """Let a person work in a company no longer."""

    def unit(session: Session, runtime: Runtime, user: User) -> Result:
        users.leave(session, runtime.ids, runtime.clock, company_id, user.id, by=OPERATOR)
        return {"company_id": company_id}

    return await _with(settings, email, unit)


async def disable_user(settings: Settings, *, email: str, again: bool) -> Result:
    """Let a person sign in no longer, or `again`."""

    def unit(session: Session, runtime: Runtime, user: User) -> Result:
        change = accounts.enable if again else accounts.disable
        change(session, runtime.ids, runtime.clock, user.id, by=OPERATOR)
        return {"disabled": not again}

    return await _with(settings, email, unit)


async def _with(settings: Settings, email: str, unit: Callable[[Session, Runtime, User], Result]) -> Result:
    async with opened_runtime(settings) as runtime:

        def work(session: Session) -> Result:
            user = users.known(session, email)
            return {"user_id": user.id, "email": user.email, **unit(session, runtime, user)}

        return await runtime.database.write(work)


def _link(session: Session, runtime: Runtime, user: User, purpose: Purpose, *, mail: bool) -> Result:
    about: Result = {"user_id": user.id, "email": user.email, "purpose": purpose.value}
    now = runtime.clock.now()
    if mail:
        mailing.required(runtime.mailing)
        return {**about, "task_id": mailing.send_link(session, runtime.ids, now, user.email, purpose)}
    token, until = users.one_time(session, user, purpose, now)
    public_url = runtime.settings.public_url
    link = None if public_url is None else letters.link(public_url, purpose, token)
    return {**about, "token": token.reveal(), "link": link, "until": until.isoformat()}

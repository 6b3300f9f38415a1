"""First."""

import sqlalchemy as sa
from alembic import op

from risiti.gateway.db.types import Amount, UtcDateTime

revision = "0001_first"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply it."""
    op.create_table(
        "breaker_turns",
        sa.Column("position", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("scope", sa.String(length=300), nullable=False),
        sa.Column("phase", sa.String(32), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("process", sa.String(length=120), nullable=False),
        sa.PrimaryKeyConstraint("position", name=op.f("pk_breaker_turns")),
    )
    with op.batch_alter_table("breaker_turns", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_breaker_turns_scope"), ["scope"], unique=False)

    op.create_table(
        "breakers",
        sa.Column("scope", sa.String(length=300), nullable=False),
        sa.Column("phase", sa.String(32), nullable=False),
        sa.Column("turns", sa.Integer(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("openings", sa.Integer(), nullable=False),
        sa.Column("since", UtcDateTime(), nullable=True),
        sa.Column("retry_at", UtcDateTime(), nullable=True),
        sa.Column("prober", sa.String(length=40), nullable=True),
        sa.Column("probe_until", UtcDateTime(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("paused_by", sa.String(length=120), nullable=True),
        sa.PrimaryKeyConstraint("scope", name=op.f("pk_breakers")),
    )
    with op.batch_alter_table("breakers", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_breakers_phase"), ["phase"], unique=False)

    op.create_table(
        "catalogue_copies",
        sa.Column("owner", sa.String(length=40), nullable=False),
        sa.Column("list", sa.String(32), nullable=False),
        sa.Column("version", sa.String(length=32), nullable=False),
        sa.Column("entries", sa.Integer(), nullable=False),
        sa.Column("fetched_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("owner", "list", name=op.f("pk_catalogue_copies")),
    )
    op.create_table(
        "catalogue_entries",
        sa.Column("environment", sa.String(32), nullable=False),
        sa.Column("list", sa.String(32), nullable=False),
        sa.Column("code", sa.String(length=64), nullable=False),
        sa.Column("data", sa.Text(), nullable=False),
        sa.Column("seen_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("environment", "list", "code", name=op.f("pk_catalogue_entries")),
    )
    op.create_table(
        "firms",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=256), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("closed_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_firms")),
    )
    op.create_table(
        "items",
        sa.Column("company_id", sa.String(length=40), nullable=False),
        sa.Column("code", sa.String(length=50), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.Column("retired_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("company_id", "code", name=op.f("pk_items")),
    )
    op.create_table(
        "live_limits",
        sa.Column("worker_id", sa.String(length=40), nullable=False),
        sa.Column("scope", sa.String(length=300), nullable=False),
        sa.Column("seen_at", UtcDateTime(), nullable=False),
        sa.Column("concurrency", sa.Integer(), nullable=False),
        sa.Column("rate", sa.Float(), nullable=False),
        sa.Column("sending", sa.Integer(), nullable=False),
        sa.Column("asking", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("worker_id", "scope", name=op.f("pk_live_limits")),
    )
    with op.batch_alter_table("live_limits", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_live_limits_seen_at"), ["seen_at"], unique=False)

    op.create_table(
        "live_workers",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("seen_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_live_workers")),
    )
    with op.batch_alter_table("live_workers", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_live_workers_seen_at"), ["seen_at"], unique=False)

    op.create_table(
        "recovery_epochs",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("opened_at", UtcDateTime(), nullable=False),
        sa.Column("until", UtcDateTime(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_recovery_epochs")),
    )
    op.create_table(
        "upstream_clocks",
        sa.Column("scope", sa.String(length=300), nullable=False),
        sa.Column("offset", sa.Float(), nullable=False),
        sa.Column("error", sa.Float(), nullable=False),
        sa.Column("read_at", UtcDateTime(), nullable=False),
        sa.Column("jump", sa.Float(), nullable=False),
        sa.Column("jump_over_at", UtcDateTime(), nullable=True),
        sa.Column("longest_lag", sa.Float(), nullable=False),
        sa.Column("longest_processing", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("scope", name=op.f("pk_upstream_clocks")),
    )
    op.create_table(
        "users",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("password_hash", sa.String(length=200), nullable=True),
        sa.Column("is_operator", sa.Boolean(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("disabled_at", UtcDateTime(), nullable=True),
        sa.Column("email_verified_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_users")),
        sa.UniqueConstraint("email", name=op.f("uq_users_email")),
    )
    op.create_table(
        "companies",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("environment", sa.String(32), nullable=False),
        sa.Column("tin", sa.String(length=20), nullable=False),
        sa.Column("legal_name", sa.String(length=256), nullable=False),
        sa.Column("business_name", sa.String(length=256), nullable=False),
        sa.Column("email", sa.String(length=256), nullable=False),
        sa.Column("phone", sa.String(length=30), nullable=False),
        sa.Column("address", sa.String(length=500), nullable=False),
        sa.Column("vat_registered", sa.Boolean(), nullable=False),
        sa.Column("rounding", sa.String(32), nullable=False),
        sa.Column("guard", sa.String(32), nullable=False),
        sa.Column("auto_resend", sa.Boolean(), nullable=False),
        sa.Column("second_person_above", Amount(), nullable=True),
        sa.Column("legal_hold_since", UtcDateTime(), nullable=True),
        sa.Column("legal_hold_reason", sa.Text(), nullable=True),
        sa.Column("firm_id", sa.String(length=40), nullable=True),
        sa.Column("firm_role", sa.String(32), nullable=True),
        sa.Column("firm_since", UtcDateTime(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("firm_role <> 'owner'", name=op.f("ck_companies_firm_never_owns")),
        sa.CheckConstraint("(firm_id IS NULL) = (firm_role IS NULL)", name=op.f("ck_companies_firm_has_a_role")),
        sa.ForeignKeyConstraint(["firm_id"], ["firms.id"], name=op.f("fk_companies_firm_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_companies")),
        sa.UniqueConstraint("environment", "tin", name=op.f("uq_companies_environment_tin")),
    )
    with op.batch_alter_table("companies", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_companies_firm_id"), ["firm_id"], unique=False)

    op.create_table(
        "firm_events",
        sa.Column("position", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("firm_id", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("actor", sa.String(length=40), nullable=False),
        sa.Column("data", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["firm_id"], ["firms.id"], name=op.f("fk_firm_events_firm_id")),
        sa.PrimaryKeyConstraint("position", name=op.f("pk_firm_events")),
        sa.UniqueConstraint("id", name=op.f("uq_firm_events_id")),
    )
    with op.batch_alter_table("firm_events", schema=None) as batch_op:
        batch_op.create_index("ix_firm_events_of_firm", ["firm_id", "id"], unique=False)

    op.create_table(
        "firm_members",
        sa.Column("firm_id", sa.String(length=40), nullable=False),
        sa.Column("user_id", sa.String(length=40), nullable=False),
        sa.Column("role", sa.String(32), nullable=False),
        sa.Column("at_most", sa.String(32), nullable=True),
        sa.Column("since", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["firm_id"], ["firms.id"], name=op.f("fk_firm_members_firm_id")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_firm_members_user_id")),
        sa.PrimaryKeyConstraint("firm_id", "user_id", name=op.f("pk_firm_members")),
    )
    with op.batch_alter_table("firm_members", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_firm_members_user_id"), ["user_id"], unique=False)

    op.create_table(
        "one_time_tokens",
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("user_id", sa.String(length=40), nullable=False),
        sa.Column("purpose", sa.String(32), nullable=False),
        sa.Column("until", UtcDateTime(), nullable=False),
        sa.Column("used_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_one_time_tokens_user_id")),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_one_time_tokens")),
    )
    with op.batch_alter_table("one_time_tokens", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_one_time_tokens_user_id"), ["user_id"], unique=False)

    op.create_table(
        "recovery_codes",
        sa.Column("code_hash", sa.LargeBinary(), nullable=False),
        sa.Column("user_id", sa.String(length=40), nullable=False),
        sa.Column("used_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_recovery_codes_user_id")),
        sa.PrimaryKeyConstraint("code_hash", name=op.f("pk_recovery_codes")),
    )
    with op.batch_alter_table("recovery_codes", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_recovery_codes_user_id"), ["user_id"], unique=False)

    op.create_table(
        "second_factors",
        sa.Column("user_id", sa.String(length=40), nullable=False),
        sa.Column("data_key", sa.LargeBinary(), nullable=False),
        sa.Column("kek_id", sa.String(length=16), nullable=False),
        sa.Column("secret_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("confirmed_at", UtcDateTime(), nullable=True),
        sa.Column("last_step", sa.BigInteger(), nullable=True),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("failed_at", UtcDateTime(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_second_factors_user_id")),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_second_factors")),
    )
    op.create_table(
        "sign_ins",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("user_id", sa.String(length=40), nullable=False),
        sa.Column("access_hash", sa.LargeBinary(), nullable=False),
        sa.Column("access_until", UtcDateTime(), nullable=False),
        sa.Column("refresh_hash", sa.LargeBinary(), nullable=True),
        sa.Column("refresh_until", UtcDateTime(), nullable=False),
        sa.Column("spent_refresh_hash", sa.LargeBinary(), nullable=True),
        sa.Column("address", sa.String(length=64), nullable=False),
        sa.Column("agent", sa.String(length=200), nullable=False),
        sa.Column("browser_hash", sa.LargeBinary(), nullable=True),
        sa.Column("second_factor", sa.Boolean(), nullable=False),
        sa.Column("began_at", UtcDateTime(), nullable=False),
        sa.Column("seen_at", UtcDateTime(), nullable=True),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_sign_ins_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_ins")),
        sa.UniqueConstraint("access_hash", name=op.f("uq_sign_ins_access_hash")),
        sa.UniqueConstraint("refresh_hash", name=op.f("uq_sign_ins_refresh_hash")),
        sa.UniqueConstraint("spent_refresh_hash", name=op.f("uq_sign_ins_spent_refresh_hash")),
    )
    with op.batch_alter_table("sign_ins", schema=None) as batch_op:
        batch_op.create_index("ix_sign_ins_of_user", ["user_id", "ended_at"], unique=False)

    op.create_table(
        "branches",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("code", sa.String(length=50), nullable=False),
        sa.Column("name", sa.String(length=500), nullable=False),
        sa.Column("authority_id", sa.String(length=18), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("closed_at", UtcDateTime(), nullable=True),
        sa.Column("company_id", sa.String(length=40), nullable=False),
        sa.ForeignKeyConstraint(["company_id"], ["companies.id"], name=op.f("fk_branches_company_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_branches")),
        sa.UniqueConstraint("company_id", "authority_id", name=op.f("uq_branches_company_id_authority_id")),
        sa.UniqueConstraint("company_id", "code", name=op.f("uq_branches_company_id_code")),
        sa.UniqueConstraint("company_id", "id", name=op.f("uq_branches_company_id_id")),
    )
    op.create_table(
        "data_keys",
        sa.Column("company_id", sa.String(length=40), nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=False),
        sa.Column("kek_id", sa.String(length=16), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["company_id"], ["companies.id"], name=op.f("fk_data_keys_company_id")),
        sa.PrimaryKeyConstraint("company_id", name=op.f("pk_data_keys")),
    )
    op.create_table(
        "deadline_alerts",
        sa.Column("company_id", sa.String(length=40), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("deadline", UtcDateTime(), nullable=False),
        sa.Column("level", sa.String(length=32), nullable=False),
        sa.Column("told_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["company_id"], ["companies.id"], name=op.f("fk_deadline_alerts_company_id")),
        sa.PrimaryKeyConstraint("company_id", "currency", "deadline", "level", name=op.f("pk_deadline_alerts")),
    )
    op.create_table(
        "findings",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("document_id", sa.String(length=40), nullable=True),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("fdn", sa.String(length=32), nullable=False),
        sa.Column("reference", sa.String(length=100), nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("found_at", UtcDateTime(), nullable=False),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.Column("company_id", sa.String(length=40), nullable=False),
        sa.ForeignKeyConstraint(["company_id"], ["companies.id"], name=op.f("fk_findings_company_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_findings")),
        sa.UniqueConstraint("company_id", "kind", "fdn", name=op.f("uq_findings_company_id_kind_fdn")),
    )
    with op.batch_alter_table("findings", schema=None) as batch_op:
        batch_op.create_index("ix_findings_of_company", ["company_id", "id"], unique=False)

    op.create_table(
        "goods_entries",
        sa.Column("company_id", sa.String(length=40), nullable=False),
        sa.Column("code", sa.String(length=64), nullable=False),
        sa.Column("data", sa.Text(), nullable=False),
        sa.Column("seen_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["company_id"], ["companies.id"], name=op.f("fk_goods_entries_company_id")),
        sa.PrimaryKeyConstraint("company_id", "code", name=op.f("pk_goods_entries")),
    )
    op.create_table(
        "journal_entries",
        sa.Column("company_id", sa.String(length=40), nullable=False),
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["company_id"], ["companies.id"], name=op.f("fk_journal_entries_company_id")),
        sa.PrimaryKeyConstraint("company_id", "number", name=op.f("pk_journal_entries")),
        sa.UniqueConstraint("position", name=op.f("uq_journal_entries_position")),
    )
    op.create_table(
        "lanes",
        sa.Column("company_id", sa.String(length=40), nullable=False),
        sa.Column("weight", sa.Integer(), nullable=False),
        sa.Column("most_at_once", sa.Integer(), nullable=True),
        sa.Column("served", sa.Float(), nullable=False),
        sa.CheckConstraint("most_at_once > 0", name=op.f("ck_lanes_most_at_once_is_positive")),
        sa.CheckConstraint("weight > 0", name=op.f("ck_lanes_weight_is_positive")),
        sa.ForeignKeyConstraint(["company_id"], ["companies.id"], name=op.f("fk_lanes_company_id")),
        sa.PrimaryKeyConstraint("company_id", name=op.f("pk_lanes")),
    )
    op.create_table(
        "memberships",
        sa.Column("company_id", sa.String(length=40), nullable=False),
        sa.Column("user_id", sa.String(length=40), nullable=False),
        sa.Column("role", sa.String(32), nullable=False),
        sa.Column("since", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["company_id"], ["companies.id"], name=op.f("fk_memberships_company_id")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_memberships_user_id")),
        sa.PrimaryKeyConstraint("company_id", "user_id", name=op.f("pk_memberships")),
    )
    with op.batch_alter_table("memberships", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_memberships_user_id"), ["user_id"], unique=False)

    op.create_table(
        "tasks",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("company_id", sa.String(length=40), nullable=True),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=True),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.Column("every", sa.Integer(), nullable=True),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("due_at", UtcDateTime(), nullable=True),
        sa.Column("lease_until", UtcDateTime(), nullable=True),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("most_attempts", sa.Integer(), nullable=False),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("begun_at", UtcDateTime(), nullable=True),
        sa.Column("succeeded_at", UtcDateTime(), nullable=True),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint("state <> 'running' OR lease_until IS NOT NULL", name=op.f("ck_tasks_running_has_lease")),
        sa.CheckConstraint("state <> 'waiting' OR due_at IS NOT NULL", name=op.f("ck_tasks_waiting_is_due")),
        sa.ForeignKeyConstraint(["company_id"], ["companies.id"], name=op.f("fk_tasks_company_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tasks")),
    )
    with op.batch_alter_table("tasks", schema=None) as batch_op:
        batch_op.create_index(
            "ix_tasks_due",
            ["due_at", "id"],
            unique=False,
            sqlite_where=sa.text("state IN ('waiting', 'running')"),
            postgresql_where=sa.text("state IN ('waiting', 'running')"),
        )
        batch_op.create_index("ix_tasks_ended", ["state", "ended_at"], unique=False)
        batch_op.create_index("ix_tasks_of_company", ["company_id", "id"], unique=False)
        batch_op.create_index(
            "uq_tasks_live_key",
            ["key"],
            unique=True,
            sqlite_where=sa.text("state IN ('waiting', 'running')"),
            postgresql_where=sa.text("state IN ('waiting', 'running')"),
        )

    op.create_table(
        "devices",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("device_no", sa.String(length=20), nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("paused_reason", sa.Text(), nullable=True),
        sa.Column("paused_at", UtcDateTime(), nullable=True),
        sa.Column("keep_order", sa.Boolean(), nullable=False),
        sa.Column("key_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("signer", sa.String(length=64), nullable=True),
        sa.Column("key_fingerprint", sa.String(length=64), nullable=False),
        sa.Column("key_until", UtcDateTime(), nullable=True),
        sa.Column("warned_days", sa.Integer(), nullable=True),
        sa.Column("branch_id", sa.String(length=40), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("company_id", sa.String(length=40), nullable=False),
        sa.CheckConstraint("(key_sealed IS NULL) <> (signer IS NULL)", name=op.f("ck_devices_key_is_in_one_place")),
        sa.ForeignKeyConstraint(
            ["company_id", "branch_id"],
            ["branches.company_id", "branches.id"],
            name=op.f("fk_devices_company_id_branch_id"),
        ),
        sa.ForeignKeyConstraint(["company_id"], ["companies.id"], name=op.f("fk_devices_company_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_devices")),
        sa.UniqueConstraint("company_id", "device_no", name=op.f("uq_devices_company_id_device_no")),
        sa.UniqueConstraint("company_id", "id", name=op.f("uq_devices_company_id_id")),
    )
    with op.batch_alter_table("devices", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_devices_branch_id"), ["branch_id"], unique=False)

    op.create_table(
        "api_keys",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("public_id", sa.String(length=16), nullable=False),
        sa.Column("secret_hash", sa.LargeBinary(), nullable=False),
        sa.Column("environment", sa.String(32), nullable=False),
        sa.Column("scopes", sa.Text(), nullable=False),
        sa.Column("label", sa.String(length=100), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("revoked_at", UtcDateTime(), nullable=True),
        sa.Column("last_used_at", UtcDateTime(), nullable=True),
        sa.Column("expires_at", UtcDateTime(), nullable=True),
        sa.Column("device_id", sa.String(length=40), nullable=True),
        sa.Column("addresses", sa.Text(), nullable=False),
        sa.Column("per_minute", sa.Integer(), nullable=True),
        sa.Column("company_id", sa.String(length=40), nullable=False),
        sa.ForeignKeyConstraint(
            ["company_id", "device_id"],
            ["devices.company_id", "devices.id"],
            name=op.f("fk_api_keys_company_id_device_id"),
        ),
        sa.ForeignKeyConstraint(["company_id"], ["companies.id"], name=op.f("fk_api_keys_company_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_keys")),
        sa.UniqueConstraint("company_id", "id", name=op.f("uq_api_keys_company_id_id")),
        sa.UniqueConstraint("public_id", name=op.f("uq_api_keys_public_id")),
    )
    op.create_table(
        "device_sessions",
        sa.Column("device_id", sa.String(length=40), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("key_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("key_fingerprint", sa.String(length=64), nullable=False),
        sa.Column("obtained_at", UtcDateTime(), nullable=True),
        sa.Column("previous_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("previous_until", UtcDateTime(), nullable=True),
        sa.Column("refresher", sa.String(length=40), nullable=True),
        sa.Column("refresh_until", UtcDateTime(), nullable=True),
        sa.Column("replaced_at", UtcDateTime(), nullable=True),
        sa.Column("hour_began_at", UtcDateTime(), nullable=True),
        sa.Column("replaced_in_hour", sa.Integer(), nullable=False),
        sa.Column("company_id", sa.String(length=40), nullable=False),
        sa.ForeignKeyConstraint(
            ["company_id", "device_id"],
            ["devices.company_id", "devices.id"],
            name=op.f("fk_device_sessions_company_id_device_id"),
        ),
        sa.ForeignKeyConstraint(["company_id"], ["companies.id"], name=op.f("fk_device_sessions_company_id")),
        sa.PrimaryKeyConstraint("device_id", name=op.f("pk_device_sessions")),
    )
    op.create_table(
        "documents",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("device_id", sa.String(length=40), nullable=False),
        sa.Column("environment", sa.String(32), nullable=False),
        sa.Column("tin", sa.String(length=20), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("reference", sa.String(length=50), nullable=False),
        sa.Column("canonical_reference", sa.String(length=200), nullable=False),
        sa.Column("wire_reference", sa.String(length=50), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("net", Amount(), nullable=False),
        sa.Column("tax", Amount(), nullable=False),
        sa.Column("gross", Amount(), nullable=False),
        sa.Column("issued_at", UtcDateTime(), nullable=False),
        sa.Column("accepted_at", UtcDateTime(), nullable=False),
        sa.Column("priority", sa.String(32), nullable=False),
        sa.Column("turn_at", UtcDateTime(), nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("due_at", UtcDateTime(), nullable=True),
        sa.Column("lease_until", UtcDateTime(), nullable=True),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.Column("rides_along", sa.Boolean(), nullable=False),
        sa.Column("not_sent", sa.Integer(), nullable=False),
        sa.Column("doubt_since", UtcDateTime(), nullable=True),
        sa.Column("asked", sa.Integer(), nullable=False),
        sa.Column("negatives", sa.Integer(), nullable=False),
        sa.Column("seen", sa.Boolean(), nullable=False),
        sa.Column("hints", sa.Text(), nullable=False),
        sa.Column("epoch", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("resend_signed", sa.Boolean(), nullable=False),
        sa.Column("fdn", sa.String(length=32), nullable=True),
        sa.Column("verification_code", sa.String(length=32), nullable=True),
        sa.Column("qr", sa.Text(), nullable=True),
        sa.Column("authority_document_id", sa.String(length=32), nullable=True),
        sa.Column("fiscalised_at", UtcDateTime(), nullable=True),
        sa.Column("refusal_code", sa.String(length=8), nullable=True),
        sa.Column("refusal_field", sa.String(length=200), nullable=True),
        sa.Column("refusal_message", sa.Text(), nullable=True),
        sa.Column("refusal_path", sa.String(length=200), nullable=True),
        sa.Column("refusal_fix", sa.Text(), nullable=True),
        sa.Column("refusal_said", sa.Text(), nullable=True),
        sa.Column("refusal_is_suspicious", sa.Boolean(), nullable=False),
        sa.Column("held_reason", sa.String(32), nullable=True),
        sa.Column("receipt_printed_at", UtcDateTime(), nullable=True),
        sa.Column("trace_context", sa.String(length=55), nullable=True),
        sa.Column("company_id", sa.String(length=40), nullable=False),
        sa.CheckConstraint("(state = 'fiscalised') = (fdn IS NOT NULL)", name=op.f("ck_documents_fiscalised_has_fdn")),
        sa.CheckConstraint("(state = 'held') = (held_reason IS NOT NULL)", name=op.f("ck_documents_held_has_reason")),
        sa.CheckConstraint(
            "state <> 'sending' OR lease_until IS NOT NULL", name=op.f("ck_documents_sending_has_lease")
        ),
        sa.CheckConstraint(
            "state NOT IN ('waiting', 'in_doubt') OR due_at IS NOT NULL", name=op.f("ck_documents_unsettled_is_due")
        ),
        sa.ForeignKeyConstraint(
            ["company_id", "device_id"],
            ["devices.company_id", "devices.id"],
            name=op.f("fk_documents_company_id_device_id"),
        ),
        sa.ForeignKeyConstraint(["company_id"], ["companies.id"], name=op.f("fk_documents_company_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_documents")),
        sa.UniqueConstraint("company_id", "id", name=op.f("uq_documents_company_id_id")),
        sa.UniqueConstraint("environment", "tin", "canonical_reference", name="uq_documents_reference"),
        sa.UniqueConstraint("environment", "tin", "wire_reference", name="uq_documents_wire_reference"),
    )
    with op.batch_alter_table("documents", schema=None) as batch_op:
        batch_op.create_index(
            "ix_documents_in_doubt",
            ["device_id", "due_at"],
            unique=False,
            sqlite_where=sa.text("state = 'in_doubt'"),
            postgresql_where=sa.text("state = 'in_doubt'"),
        )
        batch_op.create_index(
            "ix_documents_sending",
            ["company_id", "device_id", "lease_until"],
            unique=False,
            sqlite_where=sa.text("state = 'sending'"),
            postgresql_where=sa.text("state = 'sending'"),
        )
        batch_op.create_index(
            "ix_documents_waiting",
            ["device_id", "turn_at", "id", "due_at"],
            unique=False,
            sqlite_where=sa.text("state = 'waiting'"),
            postgresql_where=sa.text("state = 'waiting'"),
        )
        batch_op.create_index("uq_documents_fdn", ["environment", "fdn"], unique=True)

    op.create_table(
        "decisions",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("document_id", sa.String(length=40), nullable=False),
        sa.Column("action", sa.String(32), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("fdn", sa.String(length=32), nullable=True),
        sa.Column("accept_differences", sa.Text(), nullable=True),
        sa.Column("decided_by", sa.String(length=120), nullable=False),
        sa.Column("decided_with", sa.String(length=40), nullable=False),
        sa.Column("second_by", sa.String(length=120), nullable=True),
        sa.Column("second_with", sa.String(length=40), nullable=True),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("decided_at", UtcDateTime(), nullable=False),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.Column("company_id", sa.String(length=40), nullable=False),
        sa.ForeignKeyConstraint(
            ["company_id", "document_id"],
            ["documents.company_id", "documents.id"],
            name=op.f("fk_decisions_company_id_document_id"),
        ),
        sa.ForeignKeyConstraint(["company_id"], ["companies.id"], name=op.f("fk_decisions_company_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_decisions")),
    )
    with op.batch_alter_table("decisions", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_decisions_document_id"), ["document_id"], unique=False)

    op.create_table(
        "events",
        sa.Column("position", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("document_id", sa.String(length=40), nullable=True),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("actor", sa.String(length=40), nullable=True),
        sa.Column("data", sa.Text(), nullable=False),
        sa.Column("company_id", sa.String(length=40), nullable=False),
        sa.ForeignKeyConstraint(
            ["company_id", "document_id"],
            ["documents.company_id", "documents.id"],
            name=op.f("fk_events_company_id_document_id"),
        ),
        sa.ForeignKeyConstraint(["company_id"], ["companies.id"], name=op.f("fk_events_company_id")),
        sa.PrimaryKeyConstraint("position", name=op.f("pk_events")),
        sa.UniqueConstraint("id", name=op.f("uq_events_id")),
    )
    with op.batch_alter_table("events", schema=None) as batch_op:
        batch_op.create_index("ix_events_of_document", ["document_id", "position"], unique=False)

    op.create_table(
        "evidence",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("document_id", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("recorded_at", UtcDateTime(), nullable=False),
        sa.Column("company_id", sa.String(length=40), nullable=False),
        sa.ForeignKeyConstraint(
            ["company_id", "document_id"],
            ["documents.company_id", "documents.id"],
            name=op.f("fk_evidence_company_id_document_id"),
        ),
        sa.ForeignKeyConstraint(["company_id"], ["companies.id"], name=op.f("fk_evidence_company_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_evidence")),
    )
    with op.batch_alter_table("evidence", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_evidence_document_id"), ["document_id"], unique=False)

    op.create_table(
        "idempotency_keys",
        sa.Column("company_id", sa.String(length=40), nullable=False),
        sa.Column("key", sa.String(length=255), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("document_id", sa.String(length=40), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["company_id", "document_id"],
            ["documents.company_id", "documents.id"],
            name=op.f("fk_idempotency_keys_company_id_document_id"),
        ),
        sa.ForeignKeyConstraint(["company_id"], ["companies.id"], name=op.f("fk_idempotency_keys_company_id")),
        sa.PrimaryKeyConstraint("company_id", "key", name=op.f("pk_idempotency_keys")),
    )
    op.create_table(
        "revisions",
        sa.Column("document_id", sa.String(length=40), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("content_digest", sa.String(length=64), nullable=False),
        sa.Column("closure", sa.Text(), nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.Column("payload_digest", sa.String(length=64), nullable=False),
        sa.Column("accepted_at", UtcDateTime(), nullable=False),
        sa.Column("company_id", sa.String(length=40), nullable=False),
        sa.ForeignKeyConstraint(
            ["company_id", "document_id"],
            ["documents.company_id", "documents.id"],
            name=op.f("fk_revisions_company_id_document_id"),
        ),
        sa.ForeignKeyConstraint(["company_id"], ["companies.id"], name=op.f("fk_revisions_company_id")),
        sa.PrimaryKeyConstraint("document_id", "number", name=op.f("pk_revisions")),
    )
    op.create_table(
        "attempts",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("document_id", sa.String(length=40), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.Column("exchange_id", sa.String(length=32), nullable=False),
        sa.Column("request_time", UtcDateTime(), nullable=False),
        sa.Column("payload_digest", sa.String(length=64), nullable=False),
        sa.Column("outcome", sa.String(32), nullable=False),
        sa.Column("return_code", sa.String(length=8), nullable=True),
        sa.Column("detail", sa.Text(), nullable=True),
        sa.Column("answer", sa.LargeBinary(), nullable=True),
        sa.Column("evidence_id", sa.String(length=40), nullable=True),
        sa.Column("started_at", UtcDateTime(), nullable=False),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.Column("company_id", sa.String(length=40), nullable=False),
        sa.CheckConstraint(
            "outcome <> 'presumed_absent' OR evidence_id IS NOT NULL", name=op.f("ck_attempts_absence_has_evidence")
        ),
        sa.ForeignKeyConstraint(
            ["company_id", "document_id"],
            ["documents.company_id", "documents.id"],
            name=op.f("fk_attempts_company_id_document_id"),
        ),
        sa.ForeignKeyConstraint(["company_id"], ["companies.id"], name=op.f("fk_attempts_company_id")),
        sa.ForeignKeyConstraint(["evidence_id"], ["evidence.id"], name=op.f("fk_attempts_evidence_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attempts")),
    )
    with op.batch_alter_table("attempts", schema=None) as batch_op:
        batch_op.create_index(
            "ix_attempts_answer",
            ["started_at"],
            unique=False,
            sqlite_where=sa.text("answer IS NOT NULL"),
            postgresql_where=sa.text("answer IS NOT NULL"),
        )
        batch_op.create_index(batch_op.f("ix_attempts_document_id"), ["document_id"], unique=False)
        batch_op.create_index(
            "uq_attempts_one_open",
            ["document_id"],
            unique=True,
            sqlite_where=sa.text("outcome IN ('open', 'ambiguous')"),
            postgresql_where=sa.text("outcome IN ('open', 'ambiguous')"),
        )

"""T131 stock in and out, T139 transfer, T128 level, T177 negative stock, and the records of what was done."""

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal, localcontext

from risiti.simulator.answers import Answer
from risiti.simulator.clock import kampala
from risiti.simulator.gate import Call
from risiti.simulator.handlers.dates import dates_of
from risiti.simulator.refusal import Refusal, message_of
from risiti.simulator.registry import Taxpayer
from risiti.simulator.rules import stock_in, stock_query, stock_transfer
from risiti.simulator.rules.availability import ALL_CATEGORIES
from risiti.simulator.rules.block import Block
from risiti.simulator.rules.paging import read_page
from risiti.simulator.rules.stock_row import Moved
from risiti.simulator.stock import branch_of, home_id, shown
from risiti.simulator.stock_book import Kind, StockRecord
from risiti.simulator.values import JsonValue, decimal_of, plain
from risiti.simulator.world import World

PARTLY_FAILED = "45"
YES, NO = "101", "102"
_DIGITS = 60

Row = dict[str, str]
Step = Callable[[Block], Row]


class _TakenBack(Exception):
    """A row failed, and the call asked for all or nothing."""

    def __init__(self, failed: list[dict[str, object]]) -> None:
        self.failed = failed
        super().__init__()


def maintain(call: Call, world: World) -> Answer:
    """T131: bring stock in or write it off, row by row; failed rows come back with their code under 45."""
    content = call.object()
    header = _object(content, "goodsStockIn", missing="2076")
    items = _items(content, "goodsStockInItem", missing="2070")
    movement = stock_in.read_header(header, call.seller(), world)

    def step(row: Block) -> Row:
        moved = stock_in.check_row(row, movement, world)
        before = world.stock.level(moved.goods, movement.branch)
        if movement.reduces:
            world.stock.remove(moved.goods, movement.branch, moved.quantity)
        else:
            world.stock.bring(moved.goods, movement.branch, moved.quantity)
        price = row.amount("unitPrice", 12, 8, empty="664", digits="665")
        return _line(moved, row, _times(moved.told, price), before, world.stock.level(moved.goods, movement.branch))

    kind = Kind.REDUCTION if movement.reduces else Kind.INCREASE
    return _carry_out(call, world, header, items, step=step, kind=kind)


def transfer(call: Call, world: World) -> Answer:
    """T139: move stock between two branches, row by row; failed rows come back with their code under 45."""
    content = call.object()
    header = _object(content, "goodsStockTransfer", missing="2241")
    items = _items(content, "goodsStockTransferItem", missing="2242")
    between = stock_transfer.read_header(header, call.seller(), world)

    def step(row: Block) -> Row:
        moved = stock_transfer.check_row(row, between, world)
        before = world.stock.level(moved.goods, between.source)
        world.stock.remove(moved.goods, between.source, moved.quantity)
        world.stock.bring(moved.goods, between.destination, moved.quantity)
        amount = _times(moved.quantity, decimal_of(moved.goods.text("unitPrice"), 12, 8) or Decimal(0))
        return _line(moved, row, amount, before, world.stock.level(moved.goods, between.source))

    return _carry_out(call, world, header, items, step=step, kind=Kind.TRANSFER)


def _object(content: Mapping[str, JsonValue], name: str, *, missing: str) -> Block:
    value = content.get(name)
    if not value:
        raise Refusal(missing)
    if not isinstance(value, Mapping):
        raise Refusal("2066", f"{name} is no object")
    return Block(value, name)


def _items(content: Mapping[str, JsonValue], name: str, *, missing: str) -> list[Block]:
    value = content.get(name)
    if not value:
        raise Refusal(missing)
    if not isinstance(value, list):
        raise Refusal("2066", f"{name} is no list")
    rows: list[Block] = []
    for number, row in enumerate(value):
        if not isinstance(row, Mapping):
            raise Refusal("2066", row=number)
        rows.append(Block(row, name, number))
    return rows


def _carry_out(call: Call, world: World, header: Block, items: Iterable[Block], *, step: Step, kind: Kind) -> Answer:
    """Carry the rows out one after the other, and put what was done on record."""
    try:
        with world.store.undoable():
            failed, done = _run(items, step, all_or_nothing=header.text("rollBackIfError") == "1")
            if done:
                texts = {name: plain(value) for name, value in header.values.items() if isinstance(value, str)}
                world.stock_book.file(
                    tin=call.seller().tin,
                    kind=kind,
                    reference=_reference(call),
                    header=texts,
                    rows=done,
                    now=call.arrived_at,
                )
    except _TakenBack as taken_back:
        failed = taken_back.failed
    return Answer(failed, PARTLY_FAILED, message_of(PARTLY_FAILED)) if failed else Answer()


def _run(items: Iterable[Block], step: Step, *, all_or_nothing: bool) -> tuple[list[dict[str, object]], list[Row]]:
    failed: list[dict[str, object]] = []
    done: list[Row] = []
    for row in items:
        try:
            done.append(step(row))
        except Refusal as refusal:
            failed.append({**row.values, "returnCode": refusal.code, "returnMessage": refusal.message})
    if failed and all_or_nothing:
        raise _TakenBack(failed)
    return failed, done


def _reference(call: Call) -> str:
    """Return the key a caller gave the record in extendField, or ""."""
    extend = call.global_info.get("extendField")
    reference = extend.get("referenceNo") if isinstance(extend, Mapping) else None
    return reference if isinstance(reference, str) else ""


def _times(quantity: Decimal, price: Decimal) -> Decimal:
    with localcontext() as context:
        context.prec = _DIGITS
        return quantity * price


def _line(moved: Moved, row: Block, amount: Decimal, before: Decimal, after: Decimal) -> Row:
    """Write down a row that was carried out: as told, and in main units as the levels are."""
    with localcontext() as context:
        context.prec = _DIGITS
        price, main_price = amount / moved.told, amount / moved.quantity
    return {
        "commodityGoodsId": moved.goods.commodity_goods_id,
        "goodsCode": moved.goods.code,
        "goodsName": moved.goods.name,
        "measureUnit": moved.unit,
        "currency": moved.goods.text("currency"),
        "quantity": shown(moved.told),
        "unitPrice": shown(price),
        "mainUnit": moved.goods.text("measureUnit"),
        "mainQuantity": shown(moved.quantity),
        "mainPrice": shown(main_price),
        "amount": shown(amount),
        "before": shown(before),
        "after": shown(after),
        "remarks": row.text("remarks"),
    }


def level(call: Call, world: World) -> Answer:
    """T128: how much of one good a branch has, the home branch if none is named, and when to warn."""
    asked = Block(call.object(), "")
    seller = call.seller()
    asked.required("id", "656")
    asked.number("id", 18, 0, "657")
    branch = stock_query.own_branch(asked, seller)
    goods = world.shelf.by_id(seller.tin, asked.text("id"))
    if goods is None:
        raise Refusal("658")
    stock = shown(world.stock.level(goods, branch_of(seller, branch)))
    return Answer({"stock": stock, "stockPrewarning": goods.text("stockPrewarning") or "0"})


def negative_stock(call: Call, world: World) -> Answer:
    """T177: what may be sold beyond its stock this year, by commodity category; each with everything below it."""
    free = world.settings.negative_stock_categories
    year = kampala(call.arrived_at).year
    everything = ALL_CATEGORIES in free
    limit = {
        "id": "1",
        "periodFrom": f"{year}-01-01",
        "periodTo": f"{year}-12-31",
        "allNegativeCode": YES if everything else NO,
        "statusCode": YES if free else NO,
    }
    listed = [
        {"id": str(number), "goodsStockLimitId": "1", "commodityCategoryCode": code, "isSelectAll": YES}
        for number, code in enumerate(() if everything else free, 1)
    ]
    return Answer({"goodsStockLimit": limit, "goodsStockLimitCategoryList": listed})


def query(call: Call, world: World) -> Answer:
    """T145: increases and reductions by production batch, purchase or reference; all that are given must match."""
    asked = Block(call.object(), "")
    page = read_page(asked)
    wanted = stock_query.read_keys(asked, world.settings)
    seller = call.seller()
    rows = [
        _movement(record, seller) | {"adjustType": record.header.get("adjustType", "")}
        for record in world.stock_book.of(seller.tin, Kind.INCREASE, Kind.REDUCTION)
        if all(
            value == (record.reference if name == "referenceNo" else record.header.get(name)) for name, value in wanted
        )
    ]
    return Answer(page.cut(rows))


def query_branch(call: Call, world: World) -> Answer:
    """T147: increases in the caller's home branch, by keyword, type, supplier and day."""
    asked = Block(call.object(), "")
    page = read_page(asked)
    period = stock_query.read_increase_filters(asked, world.settings)
    seller = call.seller()
    rows = [
        {"id": record.record_id} | _movement(record, seller)
        for record in world.stock_book.of(seller.tin, Kind.INCREASE)
        if branch_of(seller, record.header.get("branchId", "")) == ""
        and period.holds(record.day)
        and stock_query.matches_increase(asked, record)
    ]
    return Answer(page.cut(rows))


def details(call: Call, world: World) -> Answer:
    """T148: one increase with its goods."""
    record, seller = _asked_record(call, world, Kind.INCREASE), call.seller()
    header = _movement(record, seller)
    names = ("commodityGoodsId", "goodsCode", "goodsName", "measureUnit", "currency", "quantity", "unitPrice", "amount")
    return Answer(
        {
            "goodsStockIn": {name: value for name, value in header.items() if name != "totalAmount"},
            "goodsStockInGoods": [{name: row[name] for name in names} for row in record.rows],
        }
    )


def query_adjustments(call: Call, world: World) -> Answer:
    """T149: reductions by reference and day."""
    asked = Block(call.object(), "")
    page = read_page(asked)
    period = stock_query.read_period(asked)
    reference = asked.text("referenceNo")
    seller = call.seller()
    rows = [
        {"id": record.record_id, "referenceNo": record.reference} | _adjustment(record, seller)
        for record in world.stock_book.of(seller.tin, Kind.REDUCTION)
        if period.holds(record.day) and reference in ("", record.reference)
    ]
    return Answer(page.cut(rows))


def adjustment(call: Call, world: World) -> Answer:
    """T160: one reduction with its goods. The wire spells the list without the k of stock."""
    record, seller = _asked_record(call, world, Kind.REDUCTION), call.seller()
    goods = [
        {name: row[name] for name in ("commodityGoodsId", "goodsCode", "goodsName", "remarks")}
        | {
            "measureUnit": row["mainUnit"],
            "unitPrice": row["mainPrice"],
            "stock": row["before"],
            "adjustQuantity": row["mainQuantity"],
            "currentQuantity": row["after"],
            "adjustAmount": row["amount"],
        }
        for row in record.rows
    ]
    return Answer({"goodsStockAdjust": _adjustment(record, seller), "goodsStocAdjustGoods": goods})


def query_transfers(call: Call, world: World) -> Answer:
    """T183: transfers by reference, branches and day."""
    asked = Block(call.object(), "")
    page = read_page(asked)
    period = stock_query.read_period(asked)
    reference = asked.text("referenceNo")
    ends = ("sourceBranchId", "destinationBranchId")
    seller = call.seller()
    rows: list[dict[str, object]] = [
        {
            "id": record.record_id,
            "referenceNo": record.reference,
            "sourceBranchName": seller.branches.get(record.header["sourceBranchId"], ""),
            "destinationBranchName": seller.branches.get(record.header["destinationBranchId"], ""),
            "transferAmount": shown(record.total("amount")),
            "transferDate": _transfer_date(record, call),
        }
        for record in world.stock_book.of(seller.tin, Kind.TRANSFER)
        if period.holds(record.day)
        and reference in ("", record.reference)
        and all(asked.text(end) in ("", record.header[end]) for end in ends)
    ]
    return Answer(page.cut(rows))


def transfer_details(call: Call, world: World) -> Answer:
    """T184: one transfer with its goods."""
    record = _asked_record(call, world, Kind.TRANSFER)
    names = ("sourceBranchId", "destinationBranchId", "transferTypeCode", "remarks")
    goods = [
        {name: row[name] for name in ("commodityGoodsId", "goodsCode", "goodsName", "currency", "remarks")}
        | {
            "measureUnit": row["mainUnit"],
            "unitPrice": row["mainPrice"],
            "bookQuantity": row["before"],
            "transferQuantity": row["mainQuantity"],
            "currentQuantity": row["after"],
            "transferAmount": row["amount"],
        }
        for row in record.rows
    ]
    header = {name: record.header.get(name, "") for name in names} | {"transferDate": _transfer_date(record, call)}
    return Answer({"goodsStockTransfer": header, "goodsStockTransferItem": goods})


def _transfer_date(record: StockRecord, call: Call) -> str:
    date_format, _ = dates_of(call)
    return kampala(record.recorded_at).strftime(date_format)


def _asked_record(call: Call, world: World, kind: Kind) -> StockRecord:
    asked = Block(call.object(), "")
    record_id = asked.required("id", "2881")
    asked.fits("id", 18, "2882")
    record = world.stock_book.find(call.seller().tin, record_id, kind)
    if record is None:
        raise Refusal("41")
    return record


def _branch_names(record: StockRecord, seller: Taxpayer) -> Row:
    branch = record.header.get("branchId") or home_id(seller)
    return {"branchId": branch, "branchName": seller.branches.get(branch, seller.business_name or seller.legal_name)}


def _movement(record: StockRecord, seller: Taxpayer) -> dict[str, object]:
    names = (
        "supplierTin",
        "supplierName",
        "remarks",
        "stockInType",
        "productionBatchNo",
        "productionDate",
        "invoiceNo",
    )
    return {
        **{name: record.header.get(name, "") for name in names},
        "stockInDate": record.day,
        "referenceNo": record.reference,
        **_branch_names(record, seller),
        "totalAmount": shown(record.total("amount")),
    }


def _adjustment(record: StockRecord, seller: Taxpayer) -> dict[str, object]:
    return {
        **_branch_names(record, seller),
        "adjustDate": record.day,
        "adjustType": record.header.get("adjustType", ""),
        "remarks": record.header.get("remarks", ""),
        "adjustAmount": shown(record.total("amount")),
    }

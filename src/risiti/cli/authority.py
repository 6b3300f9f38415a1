"""The simulator's control endpoint, as the demo, the chaos run and the benchmarks use it."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Self

import aiohttp

Json = Mapping[str, object]


class Authority:
    """Asks the simulator what it has issued and tells it what to do wrong. Use as an async context manager."""

    def __init__(self, url: str) -> None:
        self._session = aiohttp.ClientSession(base_url=url, timeout=aiohttp.ClientTimeout(total=30))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._session.close()

    async def register_device(self, tin: str, device_no: str, public_key_pem: str, taxpayer: Json) -> None:
        """Make a taxpayer, its device and the device's public key known."""
        device = {"tin": tin, "device_no": device_no, "public_key_pem": public_key_pem, "taxpayer": taxpayer}
        await self._send("PUT", "/_control/devices", device)

    async def change_taxpayer(self, taxpayer: Json) -> None:
        """Register a taxpayer anew, with other permissions."""
        await self._send("PUT", "/_control/taxpayers", taxpayer)

    async def set_faults(self, plan: Sequence[Json]) -> None:
        """Set what goes wrong from now on, instead of what was set before; an empty plan ends all faults."""
        await self._send("PUT", "/_control/faults", {"faults": list(plan)})

    async def change_settings(self, changes: Json) -> None:
        """Change switches of the simulator."""
        await self._send("PUT", "/_control/settings", changes)

    async def calls(self) -> Json:
        """Return how often each interface was called."""
        answer = await self._get("/_control/calls", {})
        calls = answer["calls"]
        return calls if isinstance(calls, dict) else {}

    async def fiscal_numbers(self, reference: str, tin: str) -> list[str]:
        """Return every FDN that was issued for one reference of one taxpayer."""
        return [str(document["fdn"]) for document in await self.documents(reference, tin)]

    async def documents(self, reference: str, tin: str) -> list[Json]:
        """Return every document that was issued for one reference of one taxpayer."""
        answer = await self._get("/_control/documents", {"reference": reference, "tin": tin})
        documents = answer["documents"]
        return list(documents) if isinstance(documents, list) else []

    async def ledger(self) -> dict[str, list[str]]:
        """Return every FDN that was issued, by reference."""
        issued: dict[str, list[str]] = defaultdict(list)
        after: object = 0
        while after is not None:
            page = await self._get("/_control/ledger", {"after": str(after)})
            documents = page["documents"]
            for document in documents if isinstance(documents, list) else []:
                issued[str(document["reference"])].append(str(document["fdn"]))
            after = page["next_after"]
        return dict(issued)

    async def _send(self, method: str, path: str, body: Json) -> None:
        async with self._session.request(method, path, json=body) as answer:
            if not answer.ok:
                message = f"the simulator refused {method} {path}: {answer.status} {await answer.text()}"
                raise RuntimeError(message)

    async def _get(self, path: str, query: Mapping[str, str]) -> Json:
        async with self._session.get(path, params=query) as answer:
            answer.raise_for_status()
            found: Json = await answer.json()
            return found

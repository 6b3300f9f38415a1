"""The same gateway as for the API's tests."""

from tests.gateway.api.conftest import anyio_backend, door

__all__ = ["anyio_backend", "door"]

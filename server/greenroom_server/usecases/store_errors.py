"""The store's failures, for callers that must not know the store."""

from greenroom_server.store.errors import StoreError

__all__ = ["StoreError"]

"""Gives each call of Schemathesis one of the keys in MNARA_KEYS in turn: one key alone would soon be told to wait."""

import itertools
import os

import schemathesis

KEYS = itertools.cycle(os.environ["MNARA_KEYS"].split())


@schemathesis.auth(refresh_interval=None)
class InTurn:
    def get(self, case, ctx):
        return next(KEYS)

    def set(self, case, data, ctx):
        case.headers = case.headers or {}
        case.headers["Authorization"] = f"Bearer {data}"

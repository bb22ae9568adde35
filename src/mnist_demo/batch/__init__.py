"""Reads many images, on this machine or on a Ray cluster."""

try:
    import pyarrow  # noqa: F401
    import tqdm  # noqa: F401
except ModuleNotFoundError as error:
    raise SystemExit(
        f"This needs {error.name}, which serving does not: pip install pyarrow tqdm"
    ) from None

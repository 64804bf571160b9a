"""The floor of a dump: decode each line into its fields, and encode it again."""

import sys

import msgspec


class TypedLine(msgspec.Struct):
    """A line of the dump."""

    text: str
    url: str | None = None


decoder, encoder = msgspec.json.Decoder(TypedLine), msgspec.json.Encoder()
with open(sys.argv[1], "rb") as dump, open(sys.argv[2], "wb") as out:
    out.writelines(encoder.encode(decoder.decode(line)) + b"\n" for line in dump)

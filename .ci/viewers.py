"""The check of `.ci/viewers`: creates a recording, has it replayed to a bus and recorded there in both encodings, and decodes the results.

Values are made from a message's number, so that each decoded message can be compared with what was sent, wherever a recording begins.
"""

import math
import struct
import subprocess
import sys
from pathlib import Path

from mcap.reader import make_reader
from mcap.writer import CompressionType, Writer
from mcap_ros1.decoder import DecoderFactory as Ros1
from mcap_ros2.decoder import DecoderFactory as Ros2

COUNT = 60
BUS = "viewers"
# Besides ordinary values, those that a conversion would change.
DOUBLES = [0.0, -0.0, 0.1, 5e-324, -1.7976931348623157e308, math.inf, -math.inf, math.nan]
SINGLES = [0.0, -0.0, 0.5, 1.401298464324817e-45, -3.4028234663852886e38, math.inf, -math.inf, math.nan]


def plain(number):
    """The bytes of the message `number` and its values by field; the padding between fields is not zero."""
    double, single = DOUBLES[number % 8], SINGLES[(number + 3) % 8]
    values = {
        "id": number, "small": number % 256, "signed": number % 256 - 128, "half": 300 - number, "big": 2**64 - 1 - number,
        "neg": -(2**63) + number, "f": single, "g": -single, "d": double, "at": {"x": single, "y": 1.5},
        "grid": [number - step for step in range(6)], "who": number << 32 | 7,
        "list": [{"a": 65535 - step, "b": step, "c": -step} for step in range(3)], "tail": number * 7, "m": 255,
    }
    data = struct.pack(
        "<IBbhQqffdff6h4sQ", number, values["small"], values["signed"], values["half"], values["big"], values["neg"],
        single, -single, double, single, 1.5, *values["grid"], b"\1\2\3\4", values["who"],
    )
    data += b"".join(struct.pack("<HBb", cell["a"], cell["b"], cell["c"]) for cell in values["list"])
    data += struct.pack("<IB7s", values["tail"], values["m"], b"\5" * 7)
    return data, values


def odd(number):
    """The same for a type with names that not every language allows."""
    double = DOUBLES[number % 8]
    data = struct.pack("<BBHId", number % 256, 1, number, number * 3, double)
    return data, [number % 256, 1, number, number * 3, double]


PLAIN = "viewers.Plain@1 96/8 {id:u32@0,small:u8@4,signed:i8@5,half:i16@6,big:u64@8,neg:i64@16,f:f32@24,g:f32@28,d:f64@32,at:Vec2{x:f32@0,y:f32@4}@40,grid:[[i16;2];3]@48,who:entity@64,list:[Cell{a:u16@0,b:u8@2,c:i8@3};3]@72,tail:u32@84,m:u8@88}"
ODD = "odd-Names.lower_case@2 16/8 {X:u8@0,x:u8@1,_y__Z_:u16@2,class:u32@4,from:f64@8}"
# Topic, name in ROS 2, type, schema, message.
TOPICS = [("viewers/plain", "/viewers/plain", "viewers.Plain", PLAIN, plain), ("odd names//9-x", "/odd_names/x_9_x", "odd-Names.lower_case", ODD, odd)]


def make(file):
    """A recording as `hotframe bus record` makes them, of all topics; every seventh record holds three messages."""
    with open(file, "wb") as out:
        writer = Writer(out, compression=CompressionType.NONE)
        writer.start(library="viewers")
        for topic, _, type_name, schema, message in TOPICS:
            metadata = {
                "priority": "normal", "publisher": "viewers", "policy": "reject", "kind": "message", "type": type_name,
                "schema": schema,
            }
            channel = writer.register_channel(topic=topic, message_encoding="ros1", schema_id=0, metadata=metadata)
            for number in range(COUNT):
                batch = range(number, number + (3 if number % 7 == 6 else 1))
                data = struct.pack("<QQI", number, 0, len(batch)) + b"".join(message(one)[0] for one in batch)
                # Everything, twice a second, so that recorders see several rounds.
                writer.add_message(channel, log_time=number * 8_000_000, publish_time=number * 8_000_000, sequence=number, data=data)
        writer.finish()


def same(found, wanted, where):
    """Compares a decoded value, whatever its name, with the sent one."""
    if isinstance(wanted, dict):
        for name, value in wanted.items():
            same(getattr(found, name), value, f"{where}.{name}")
    elif isinstance(wanted, list):
        found = list(found) if not isinstance(found, bytes) else list(found)
        assert len(found) == len(wanted), f"{where}: {found}"
        for index, (one, other) in enumerate(zip(found, wanted)):
            same(one, other, f"{where}[{index}]")
    elif isinstance(wanted, float):
        bits = [struct.pack("<d", value) for value in (found, wanted)]
        assert bits[0] == bits[1] or (math.isnan(found) and math.isnan(wanted)), f"{where}: {found!r}, sent {wanted!r}"
    else:
        assert found == wanted, f"{where}: {found!r}, sent {wanted!r}"


def check(file, encoding, factory):
    """Decodes every message of a recording."""
    counts = {}
    with open(file, "rb") as source:
        reader = make_reader(source, decoder_factories=[factory])
        assert reader.get_header().profile == ("ros2" if encoding == "cdr" else ""), reader.get_header()
        for schema, channel, message, decoded in reader.iter_decoded_messages():
            name, legal, _, _, make_message = next(topic for topic in TOPICS if topic[0] == channel.metadata["topic"])
            assert channel.topic == (legal if encoding == "cdr" else name), channel
            assert channel.message_encoding == encoding and decoded.lost == 0, (channel, decoded)
            assert message.sequence == decoded.sequence % 2**32
            for one in decoded.messages:
                if name == "viewers/plain":
                    same(one, make_message(one.id)[1], f"{file.name}: {name}")
                else:
                    # By their order, because the definition changes names.
                    fields = [getattr(one, field) for field in one.__slots__ if not field.startswith("gap")]
                    same(fields, make_message(fields[2])[1], f"{file.name}: {name}")
                counts[name] = counts.get(name, 0) + 1
    assert len(counts) == len(TOPICS), counts
    return sum(counts.values())


def main():
    hotframe, scratch = sys.argv[1], Path(sys.argv[2])
    made = scratch / "made.mcap"
    make(made)
    tool = [hotframe, "bus"]
    replay = subprocess.Popen(
        [*tool, "replay", made, "--bus", BUS, "--create", "--loop"], stderr=subprocess.PIPE, text=True
    )
    assert "replaying" in replay.stderr.readline()
    try:
        for encoding, called, factory in [("ros1", "ros1", Ros1()), ("ros2", "cdr", Ros2())]:
            file = scratch / f"{encoding}.mcap"
            subprocess.run(
                [*tool, "record", file, "--bus", BUS, "--encoding", encoding, "--count", str(COUNT * 3)],
                check=True, capture_output=True,
            )
            print(f"{encoding}: {check(file, called, factory)} messages decoded, every value as it was sent")
    finally:
        replay.terminate()
        replay.wait()


main()

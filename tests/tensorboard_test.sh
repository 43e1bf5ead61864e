#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Exports a run as event files and has the real TensorBoard, from PyPI, read them: tensorboard_test.sh BUILD
# Ends with 77, which ctest counts as skipped, where TensorBoard cannot be had. What pip installs stays in BUILD.
set -eu
build=$1
caddie=$build/bin/caddie
python=$build/tensorboard/bin/python
box=$(mktemp -d)
trap 'rm -rf "$box"' EXIT

skip() {
  echo "SKIPPED: $1"
  exit 77
}

fail() {
  echo "tensorboard_test: $1" >&2
  exit 1
}

# These packages are all that reading event files needs; the dependencies of the server and its plugins are not.
reads='from tensorboard.backend.event_processing.event_accumulator import EventAccumulator'
if ! "$python" -c "$reads" 2>/dev/null; then
  command -v python3 >/dev/null || skip 'there is no python3'
  rm -rf "$build/tensorboard"
  python3 -m venv "$build/tensorboard" >"$box/log" 2>&1 || skip 'python3 makes no virtual environment'
  "$python" -m pip install --quiet --disable-pip-version-check --timeout 10 --retries 1 --no-deps \
    tensorboard protobuf numpy absl-py packaging >"$box/log" 2>&1 || skip 'PyPI is out of reach'
  "$python" -c "$reads" 2>"$box/log" || { cat "$box/log" && fail 'TensorBoard does not start'; }
fi

# A run that began at 1,769,860,800 seconds since 1970.
run=$box/baseline-s1
mkdir "$run"
echo '{"key": "0123", "group": "45", "seed": 1, "started_at": "2026-01-31T12:00:00Z"}' >"$run/run.json"
echo '{"status": "done", "steps": 3, "val_bpb": 1.75, "train_time_s": 4.5}' >"$run/summary.json"
cat >"$run/metrics.csv" <<'END'
step,tokens,time_s,name,value
1,64,1.500,train_loss,6.25
2,128,3.000,train_loss,5.5
2,128,3.000,val_bpb,2.125
3,192,4.500,train_loss,nan
3,192,4.500,objective.z loss,0.0078125
3,192,4.5
END
"$caddie" export "$run" --tensorboard "$box/logs" || fail 'export'

"$python" - "$box/logs/baseline-s1" <<'END'
import math, sys
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.backend.event_processing.event_file_loader import RawEventFileLoader
from tensorboard.compat.proto.event_pb2 import Event
import glob

START = 1769860800.0
WANTED = {
    "train_loss": [(1, 1.5, 6.25), (2, 3.0, 5.5), (3, 4.5, math.nan)],
    "val_bpb": [(2, 3.0, 2.125)],
    "objective.z loss": [(3, 4.5, 0.0078125)],
    "result/val_bpb": [(3, 4.5, 1.75)],
    "result/steps": [(3, 4.5, 3.0)],
    "result/train_time_s": [(3, 4.5, 4.5)],
}
found = EventAccumulator(sys.argv[1])
found.Reload()
assert set(found.Tags()["scalars"]) == set(WANTED), found.Tags()
for tag, rows in WANTED.items():
    got = [(e.step, e.wall_time - START, e.value) for e in found.Scalars(tag)]
    assert str(got) == str(rows), (tag, got, rows)
# This reader checks the checksums of every record, and stops at a wrong one.
(file,) = glob.glob(sys.argv[1] + "/*tfevents*")
events = [Event.FromString(record) for record in RawEventFileLoader(file).Load()]
assert len(events) == 1 + sum(map(len, WANTED.values())), len(events)
assert events[0].file_version == "brain.Event:2", events[0]
END
echo "TensorBoard reads what export writes"

"""A miner: the next value is the last one."""
import json
import sys

for line in sys.stdin:
    history = json.loads(line)["history"]
    print(json.dumps({"inference": history[-1]}), flush=True)

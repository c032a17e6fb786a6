"""A miner: the next value is the one a season ago. `python3 seasonal.py 12` for months of years."""
import json
import sys

season = int(sys.argv[1])
for line in sys.stdin:
    history = json.loads(line)["history"]
    print(json.dumps({"inference": history[-season]}), flush=True)

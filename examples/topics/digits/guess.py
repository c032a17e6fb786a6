"""A miner of handwritten digits that has not looked."""

import json, random, sys

for line in sys.stdin:
    print(json.dumps({"output": random.randrange(10)}), flush=True)

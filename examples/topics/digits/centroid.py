"""A miner of handwritten digits: the label whose mean picture looks most alike."""

import csv, json, sys

rows = [[float(cell) for cell in row] for row in csv.reader(open(sys.argv[1]))][:1000]
means = {}
for label in range(10):
    own = [row for row in rows if row[64] == label]
    means[label] = [sum(column) / len(own) for column in zip(*own)]
for line in sys.stdin:
    image = json.loads(line)["input"]["image"]
    distance = lambda label: sum((a - b) ** 2 for a, b in zip(means[label], image))
    print(json.dumps({"output": min(means, key=distance)}), flush=True)

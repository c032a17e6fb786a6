"""A validator of handwritten digits: asks about pictures whose labels it alone has, and weighs by what was right.

    assay topic validate --questions … -- python3 judge.py DIGITS.csv

DIGITS.csv has 64 pixels and a label a line. The first 1000 are everybody's, to learn from; the others are hidden.
"""

import csv, json, random, sys

rows = [[float(cell) for cell in row] for row in csv.reader(open(sys.argv[1]))]
hidden = rows[1000:]
asked = []
right, seen = {}, {}
for line in sys.stdin:
    question = json.loads(line)
    if question["ask"] == "questions":
        asked = random.sample(hidden, 20)
        print(json.dumps({"questions": [{"image": row[:64]} for row in asked]}), flush=True)
        continue
    for slot, answers in question["answers"].items():
        hits = sum(answer == row[64] for answer, row in zip(answers, asked))
        # What was seen long ago counts less and less.
        right[slot] = 0.8 * right.get(slot, 0) + hits
        seen[slot] = 0.8 * seen.get(slot, 0) + len(asked)
    # Twice as good counts for more than twice as much: one in ten is right by chance.
    weights = {slot: (right[slot] / seen[slot]) ** 4 for slot in question["answers"]}
    print(json.dumps({"weights": weights}), flush=True)

"""A miner: the next value is a weighted sum of the last ones and of one, by least squares over the history.

`python3 autoregression.py 13` weighs thirteen of them. Standard library only: normal equations by elimination.
"""
import json
import sys

lags = int(sys.argv[1])


def solve(matrix, right):
    """The x of matrix · x = right."""
    rows = [row + [value] for row, value in zip(matrix, right)]
    for i in range(len(rows)):
        pivot = max(range(i, len(rows)), key=lambda row: abs(rows[row][i]))
        rows[i], rows[pivot] = rows[pivot], rows[i]
        for j in range(len(rows)):
            if j != i:
                factor = rows[j][i] / rows[i][i]
                rows[j] = [a - factor * b for a, b in zip(rows[j], rows[i])]
    return [row[-1] / row[i] for i, row in enumerate(rows)]


# Sums over the history, to which each new value adds one equation: nothing is summed twice.
known = lags
products = [[1e-6 * (i == j) for j in range(lags + 1)] for i in range(lags + 1)]
right = [0.0] * (lags + 1)
for line in sys.stdin:
    history = json.loads(line)["history"]
    for n in range(known, len(history)):
        x = [1.0] + history[n - lags : n]
        for i in range(lags + 1):
            right[i] += x[i] * history[n]
            for j in range(lags + 1):
                products[i][j] += x[i] * x[j]
    known = max(known, len(history))
    weights = solve(products, right)
    inference = sum(w * v for w, v in zip(weights, [1.0] + history[-lags:]))
    print(json.dumps({"inference": inference}), flush=True)

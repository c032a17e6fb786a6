"""Two topics on a network of four validators, while miners come and go; then an audit, to the grain.

    python3 devnet.py ASSAY FOLDER [EPOCHS]

ASSAY is the program, FOLDER a new folder. A topic of Yuma consensus recognises handwritten digits, one of inference
synthesis forecasts the temperature of the sea; both settle EPOCHS epochs (100) of ten seconds each. Every few epochs a
miner leaves and another takes a slot. The audit compares what the ledger's events say with its supply and with the
schedule of the emission, and the blocks of all validators with each other. `cargo xtask fixtures` fetches the data.
"""

import atexit, json, os, pathlib, random, subprocess, sys, threading, time, urllib.request
from collections import Counter

assay, folder = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])
epochs = int(sys.argv[3]) if len(sys.argv) > 3 else 100
here = pathlib.Path(__file__).parent
fixtures = pathlib.Path(os.environ.get("ASSAY_FIXTURES", here / "../../fixtures"))
digits, series = fixtures / "digits/digits.csv", fixtures / "series/elnino.csv"
env = os.environ | {"ASSAY_HOME": folder, "ASSAY_PASSPHRASE": "assay-dev"}
python = sys.executable
chance = random.Random(1)


def run(*words):
    """Runs a command to its end; its last line of JSON."""
    words = [assay, *map(str, words), "--json"]
    done = subprocess.run(words, env=env, capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"{words}: {done.stderr}")
    return json.loads(done.stdout.splitlines()[-1])


def start(name, *words):
    """Starts a command that goes on."""
    log = open(f"{folder}/{name}.log", "a")
    process = subprocess.Popen([assay, *map(str, words)], env=env, stdout=log, stderr=log)
    atexit.register(process.terminate)
    return process


run("network", "new", "--dir", folder, "--http-port", 0, "--peer-port", 0, "--emission-epoch", 60)
network = subprocess.Popen([assay, "network", "up", "--dir", folder, "--json"], env=env, stdout=subprocess.PIPE, text=True)
atexit.register(network.terminate)
urls = [validator["url"] for validator in json.loads(network.stdout.readline())["validators"]]
threading.Thread(target=lambda: network.stdout.read(), daemon=True).start()
env["ASSAY_NODE"] = urls[0]


def get(path, url=None):
    return json.load(urllib.request.urlopen((url or urls[0]) + path, timeout=20))


class Watch:
    """Everything that the event stream and the supply tell."""

    def __init__(self):
        self.minted, self.other = Counter(), Counter()
        self.payments = 0
        self.settled, self.inferred, self.paid, self.replaced = Counter(), Counter(), Counter(), Counter()
        self.schedule, self.first = {}, None
        threading.Thread(target=self.follow, daemon=True).start()
        threading.Thread(target=self.poll, daemon=True).start()

    def follow(self):
        stream = urllib.request.urlopen(urls[0] + "/v1/events?from=1")
        for line in stream:
            if not line.startswith(b"data:"):
                continue
            event = json.loads(line[5:])
            event = event.get("event", event)
            kind = event.get("type")
            if kind == "topic_settled":
                self.settled[event["topic"]] += 1
                self.minted[event["topic"]] += int(event["minted"])
            elif kind == "topic_inferred":
                self.inferred[event["topic"]] += 1
            elif kind == "topic_paid":
                self.paid[event["topic"], event["role"]] += int(event["amount"])
                self.payments += 1
            elif kind == "slot_registered":
                self.replaced[event["topic"]] += event["replaced"] is not None
            elif kind in ("emitted", "rebated"):
                self.other[kind] += int(event["amount"])

    def poll(self):
        while True:
            epoch = get("/v1/supply")["epoch"]
            self.schedule[epoch["number"]] = int(epoch["emission"])
            time.sleep(2)


issued_first = int(get("/v1/supply")["supply"]["issued"])
params = get("/v1/supply")["params"]
watch = Watch()

terms = ["--wallet", "buyer", "--epoch", 10, "--slots", 7, "--validators", 2, "--immunity", 1]
yuma = run("topic", "create", *terms)["topic"]
synthesis = run("topic", "create", *terms, "--mechanism", "synthesis")["topic"]
for topic, judge in [(yuma, "seller-1"), (yuma, "seller-2"), (synthesis, "seller-1"), (synthesis, "seller-2")]:
    run("topic", "register", topic, "--wallet", judge, "--price-max", 10)
    key = run("wallet", "show", "--wallet", judge, "--offline")["address"]
    run("topic", "stake", topic, key, 100 if judge == "seller-1" else 60, "--wallet", "buyer")

replay = ["--series", series, "--start", 240]
running = [
    start("judge-1", "topic", "validate", yuma, "--wallet", "seller-1", "--questions", "--", python, here / "digits/judge.py", digits),
    start("judge-2", "topic", "validate", yuma, "--wallet", "seller-2", "--questions", "--", python, here / "digits/judge.py", digits),
    start("reputer-1", "topic", "repute", synthesis, "--wallet", "seller-1", *replay),
    start("reputer-2", "topic", "repute", synthesis, "--wallet", "seller-2", *replay),
]
models = {
    yuma: [["digits/nearest.py", digits], ["digits/centroid.py", digits], ["digits/guess.py"]],
    synthesis: [["naive.py"], ["seasonal.py", 12], ["autoregression.py", 13]],
}
miners = {yuma: [], synthesis: []}
comings, goings = Counter(), Counter()


def come(topic):
    """A new key takes a slot and mines."""
    name = f"miner-{topic[:4]}-{comings[topic]}"
    script, *arguments = models[topic][comings[topic] % len(models[topic])]
    address = run("wallet", "new", name)["address"]
    run("transfer", address, 30, "--wallet", "buyer")
    run("topic", "register", topic, "--wallet", name, "--price-max", 20)
    more = replay if topic == synthesis else []
    words = ["topic", "mine", topic, "--wallet", name, *more, "--", python, here / script, *arguments]
    miners[topic].append(start(name, *words))
    comings[topic] += 1


def go(topic):
    """A miner leaves; its slot stays until somebody takes it."""
    miner = miners[topic].pop(chance.randrange(len(miners[topic])))
    miner.terminate()
    miner.wait()
    goings[topic] += 1


forecaster = "seer"
address = run("wallet", "new", forecaster)["address"]
run("transfer", address, 30, "--wallet", "buyer")
run("topic", "register", synthesis, "--wallet", forecaster, "--price-max", 20)
running.append(start(forecaster, "topic", "forecast", synthesis, "--wallet", forecaster, "--", python, here / "forecaster.py"))
for topic in miners:
    for _ in range(3):
        come(topic)

last = 0
while min(watch.settled[yuma], watch.settled[synthesis]) < epochs:
    time.sleep(1)
    now = min(watch.settled[yuma], watch.settled[synthesis])
    if now == last:
        continue
    last = now
    print(f"epoch {now} of {epochs}: {watch.minted[yuma]} and {watch.minted[synthesis]} grains minted", flush=True)
    if now % 8 == 0:
        come(yuma), go(yuma)
    if now % 8 == 4:
        come(synthesis), go(synthesis)

# Supply and events are read until both tell of the same moment: between two settlements nothing is minted.
for _ in range(200):
    before = watch.minted.total(), watch.other.total()
    supply = get("/v1/supply")
    budgets = {topic["topic"]: int(topic["budget"]) for topic in get("/v1/topics")["topics"]}
    time.sleep(1)
    minted, other = watch.minted.total(), watch.other.total()
    issued = int(supply["supply"]["issued"]) - issued_first
    if before == (minted, other) and issued == minted + other:
        break
else:
    sys.exit(f"FAILED: {issued} grains were issued, and events tell of {minted + other}")

# Shares of emission epochs that have ended; topics had stake in all but, perhaps, the first.
under_way = supply["epoch"]["number"]
shares = [watch.schedule[epoch] * params["topics_basis_points"] // 10_000 for epoch in range(under_way) if epoch in watch.schedule]
given = minted + sum(budgets.values())
dust = sum(shares) - given
heights = [get("/v1/status", url)["height"] for url in urls]
block = min(heights) - 2
blocks = {json.dumps(get(f"/v1/blocks/{block}", url)["header"], sort_keys=True) for url in urls}

for topic, name in [(yuma, "digits, Yuma consensus"), (synthesis, "sea temperature, synthesis")]:
    roles = {role: amount for (of, role), amount in sorted(watch.paid.items()) if of == topic}
    print(f"{name}: {watch.settled[topic]} epochs settled, {watch.inferred[topic]} inferred, {comings[topic]} miners came, "
          f"{goings[topic]} left, {watch.replaced[topic]} slots changed hands; paid in grains {roles}")
print(f"issued since the start: {issued} grains = {minted} minted by topics + {dict(watch.other)}")
print(f"the schedule gave topics {sum(shares)} grains in {len(shares)} epochs of the emission: {minted} minted, "
      f"{sum(budgets.values())} not earned yet, {dust} never minted, for {watch.payments} payments are floored")
print(f"block {block} is the same on {len(urls)} validators: {len(blocks) == 1}")
# A payment loses less than a grain, and so does a topic's part of an emission epoch's share.
floored = 0 <= dust < watch.payments + 2 * len(shares)
balanced = watch.paid.total() == minted
print(f"payments sum to {watch.paid.total()} grains, which is what was minted: {balanced}")
good = len(blocks) == 1 and floored and balanced and len(shares) == under_way
print("passed" if good else "FAILED")
sys.exit(not good)

"""Time of one proof with EZKL: parameters fixed, input and output public, KZG parameters made locally.

    python prove.py FOLDER MODEL.onnx INPUT.json

FOLDER gets EZKL's files. Each step runs in a process of its own, whose computed time (user and system) and peak
memory are its own. Prints one JSON object: computed seconds and peak memory of `prove`, computed seconds of `setup`
and `verify`, bytes of the proof, rows of the circuit, EZKL's version.
"""

import asyncio
import inspect
import json
import os
import resource
import subprocess
import sys
from importlib.metadata import version

try:
    import ezkl
except ImportError as error:
    sys.exit(f"{error.name} is not installed")

STEPS = ["settings", "calibrate", "compile", "srs", "setup", "witness", "prove", "verify"]


async def step(name, folder, onnx, numbers):
    def file(name):
        return os.path.join(folder, name)

    async def call(function, *arguments, **named):
        result = function(*arguments, **named)
        return await result if inspect.isawaitable(result) else result

    def reference_string():
        with open(file("settings.json")) as settings:
            rows = json.load(settings)["run_args"]["logrows"]
        return file(f"kzg{rows}.srs"), rows

    if name == "settings":
        arguments = ezkl.PyRunArgs()
        arguments.input_visibility = "public"
        arguments.output_visibility = "public"
        arguments.param_visibility = "fixed"
        await call(ezkl.gen_settings, onnx, file("settings.json"), py_run_args=arguments)
    elif name == "calibrate":
        await call(ezkl.calibrate_settings, numbers, onnx, file("settings.json"), "resources")
    elif name == "compile":
        await call(ezkl.compile_circuit, onnx, file("net.ezkl"), file("settings.json"))
    elif name == "srs":
        path, rows = reference_string()
        await call(ezkl.gen_srs, path, rows)
    elif name == "setup":
        path, _ = reference_string()
        await call(ezkl.setup, file("net.ezkl"), file("vk.key"), file("pk.key"), srs_path=path)
    elif name == "witness":
        await call(ezkl.gen_witness, numbers, file("net.ezkl"), file("witness.json"))
    elif name == "prove":
        path, _ = reference_string()
        files = [file(name) for name in ("witness.json", "net.ezkl", "pk.key", "proof.json")]
        await call(ezkl.prove, *files, srs_path=path)
    elif name == "verify":
        path, _ = reference_string()
        files = [file(name) for name in ("proof.json", "settings.json", "vk.key")]
        if not await call(ezkl.verify, *files, srs_path=path):
            sys.exit("EZKL does not verify its own proof")


def spent():
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return {"cpu_s": usage.ru_utime + usage.ru_stime, "peak_mib": usage.ru_maxrss / 1024}


def proof_bytes(path):
    with open(path) as file:
        proof = json.load(file)
    text = proof.get("hex_proof")
    return (len(text) - 2) // 2 if isinstance(text, str) else len(proof["proof"])


def main(arguments):
    if arguments[0] == "--step":
        asyncio.run(step(*arguments[1:]))
        print(json.dumps(spent()), flush=True)
        return
    folder = arguments[0]
    found = {}
    for name in STEPS:
        command = [sys.executable, __file__, "--step", name, *arguments]
        ran = subprocess.run(command, capture_output=True, text=True)
        if ran.returncode != 0:
            last = (ran.stderr.strip().splitlines() or ["it said nothing"])[-1]
            sys.exit(f"{name}: {last}")
        found[name] = json.loads(ran.stdout.strip().splitlines()[-1])
    with open(os.path.join(folder, "settings.json")) as file:
        settings = json.load(file)
    print(
        json.dumps(
            {
                "prove_cpu_s": found["prove"]["cpu_s"],
                "prove_peak_mib": found["prove"]["peak_mib"],
                "setup_cpu_s": found["setup"]["cpu_s"],
                "verify_cpu_s": found["verify"]["cpu_s"],
                "proof_bytes": proof_bytes(os.path.join(folder, "proof.json")),
                "rows": settings["num_rows"],
                "ezkl": version("ezkl"),
            }
        )
    )


if __name__ == "__main__":
    main(sys.argv[1:])

"""Time of one inference with onnxruntime: float32, one thread, batch 1, inputs and outputs bound.

    python onnxruntime_latency.py RUNS NAME=MODEL.onnx[=D0xD1x…] …

Prints one JSON object a line: name, the median of RUNS in microseconds, and onnxruntime's version. The
extents after the second `=` are those of the input, for models that leave some open. The time of a run is
what a caller in Python sees, as the time beside it is what a caller in Rust sees.
"""

import json
import sys
import time

try:
    import numpy
    import onnxruntime
except ImportError as error:
    sys.exit(f"{error.name} is not installed")


def session(path):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])


def median_us(path, extents, runs):
    model = session(path)
    (source,) = model.get_inputs()
    extents = extents or [1 if not isinstance(extent, int) else extent for extent in source.shape]
    numbers = numpy.random.default_rng(1).random(extents, dtype=numpy.float32)
    binding = model.io_binding()
    binding.bind_cpu_input(source.name, numbers)
    # A first run tells the output's extents, so that the others write to memory of ours.
    first = model.run(None, {source.name: numbers})
    for output, value in zip(model.get_outputs(), first):
        place = onnxruntime.OrtValue.ortvalue_from_numpy(value)
        binding.bind_ortvalue_output(output.name, place)
    times = []
    for _ in range(runs + runs // 10):
        start = time.perf_counter_ns()
        model.run_with_iobinding(binding)
        times.append(time.perf_counter_ns() - start)
    warm = sorted(times[runs // 10 :])
    return warm[len(warm) // 2] / 1_000


def main(arguments):
    runs = int(arguments[0])
    for case in arguments[1:]:
        name, path, *extents = case.split("=")
        extents = [int(extent) for extent in extents[0].split("x")] if extents else None
        found = {
            "name": name,
            "median_us": median_us(path, extents, runs),
            "onnxruntime": onnxruntime.__version__,
        }
        print(json.dumps(found), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])

//! Inference allocates nothing once its executor stands.

#![expect(
    unsafe_code,
    reason = "an allocator is an unsafe trait; this one counts its thread's calls and passes them on"
)]

use std::{
    alloc::{GlobalAlloc, Layout, System},
    cell::Cell,
    hint::black_box,
    sync::Arc,
};

use assay_model::{
    Elements, Executor, KernelSet, Plan, Program, Shape, TensorData, bundled,
    program::{Op, Output, Parts, ValueId, ValueType},
    tensor::DType,
};

thread_local! {
    static ALLOCATIONS: Cell<u64> = const { Cell::new(0) };
}

struct Counting;

// SAFETY: every call is passed on unchanged to the system's allocator, which keeps the trait's promises.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // A thread that is ending counts no more.
        let _ = ALLOCATIONS.try_with(|count| count.set(count.get() + 1));
        // SAFETY: the caller promises what the system's allocator asks for.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, place: *mut u8, layout: Layout) {
        // SAFETY: `place` came from the system's allocator, by `alloc` above.
        unsafe { System.dealloc(place, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn allocations(work: impl FnOnce()) -> u64 {
    let before = ALLOCATIONS.get();
    work();
    ALLOCATIONS.get() - before
}

/// A sum of an int8 and an int16 value, which is left to the reference loops.
fn mixed_sum() -> Program {
    let nodes = vec![
        Op::Table {
            input: ValueId::INPUT,
            entries: TensorData::I16((0..256).collect()),
        },
        Op::Add {
            left: ValueId::INPUT,
            left_shift: 0,
            right: ValueId::new(1),
            right_shift: 1,
            output: Output::Accumulator,
        },
    ];
    let input = ValueType {
        dtype: DType::I8,
        shape: Shape::new(&[3, 4, 5]).expect("shape"),
    };
    let output = ValueId::new(2);
    Program::new(Parts {
        input,
        nodes,
        output,
    })
    .expect("valid")
}

#[test]
fn inference_allocates_nothing() {
    let mut programs: Vec<Program> = bundled().iter().map(|model| model.program()).collect();
    programs.push(mixed_sum());
    for program in programs {
        let program = Arc::new(program);
        let elements = program.input().shape.elements();
        for kernels in KernelSet::available() {
            let plan = Arc::new(Plan::with_kernels(Arc::clone(&program), kernels));
            for items in [1, 4] {
                let mut executor = Executor::of_plan(Arc::clone(&plan), items);
                let numbers = vec![0.5f32; items * elements];
                let integers = vec![3i8; items * elements];
                let count = allocations(|| {
                    for _ in 0..3 {
                        let output = executor.infer_numbers(&numbers, 4).expect("numbers");
                        black_box(output);
                        let output = executor.infer(Elements::I8(&integers)).expect("integers");
                        black_box(output);
                    }
                });
                assert_eq!(count, 0, "{} items by {}", items, kernels.name());
            }
        }
    }
    // The counter counts.
    assert!(allocations(|| drop(black_box(vec![1u8; 100]))) > 0);
}

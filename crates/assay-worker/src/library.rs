//! The models a provider serves: fetched, checked against their ids, planned, and timed once. Those whose answers
//! are to be proven are committed to once, when the first order asks or, where a key is registered, at the start.

use crate::{job::Note, prover::Prover};
use assay_client::{Client, ClientError};
use assay_model::{
    execute::{ExecuteError, Executor, Plan},
    manifest::{MANIFEST_BYTES_MAX, Manifest, ManifestError},
    program::{PROGRAM_BYTES_MAX, Program, ProgramError},
    tensor::{Tensor, TensorData},
};
use assay_types::{ContentId, ModelId};
use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, OnceLock, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

/// Why a model cannot be served.
#[derive(Debug, thiserror::Error)]
pub enum ModelError {
    /// No such model.
    #[error("model {model} is not registered; check the id, or register it first")]
    Unregistered {
        /// Which.
        model: ModelId,
    },
    /// Manifest or program cannot be had.
    #[error("cannot fetch {what} of model {model}")]
    Fetch {
        /// Manifest or program.
        what: &'static str,
        /// Of which model.
        model: ModelId,
        /// Why.
        source: Box<ClientError>,
    },
    /// The program is none.
    #[error("the program of model {model} is refused")]
    Program {
        /// Which model.
        model: ModelId,
        /// Why.
        source: Box<ProgramError>,
    },
    /// The program is another model's.
    #[error(
        "the program registered for model {model} is that of {actual}; its owner made a mistake"
    )]
    WrongProgram {
        /// Which model.
        model: ModelId,
        /// What the program is.
        actual: ModelId,
    },
    /// The manifest is none, or does not fit the program.
    #[error("the manifest of model {model} is refused")]
    Manifest {
        /// Which model.
        model: ModelId,
        /// Why.
        source: Box<ManifestError>,
    },
}

/// All models of one provider.
#[derive(Debug, Clone)]
pub(crate) struct Library {
    shelves: BTreeMap<ModelId, Arc<Shelf>>,
}

/// One model, ready to run.
#[derive(Debug)]
pub(crate) struct Shelf {
    name: String,
    plan: Arc<Plan>,
    /// Executors that nobody uses; as many are made as run at the same time.
    idle: Mutex<Vec<Executor>>,
    /// Recent time of one run, in microseconds.
    run_us: AtomicU64,
    /// Made when it is first asked for.
    prover: OnceLock<Result<Prover, Note>>,
    /// Whether the ledger lists a proof key of it.
    has_key: bool,
}

impl Library {
    /// Fetches `models` and runs each once, which shows that it runs and how long it takes.
    ///
    /// # Errors
    /// [`ModelError`] of the first that cannot be served.
    pub(crate) async fn load(client: &Client, models: &[ModelId]) -> Result<Self, ModelError> {
        let mut shelves = BTreeMap::new();
        for model in models {
            shelves.insert(*model, Arc::new(Shelf::load(client, *model).await?));
        }
        Ok(Self { shelves })
    }

    /// A library of one model that needs no node.
    #[cfg(test)]
    pub(crate) fn of(name: &str, model: ModelId, program: Program) -> Self {
        let shelf = Arc::new(Shelf::plan(name.to_owned(), program, false));
        Self {
            shelves: BTreeMap::from([(model, shelf)]),
        }
    }

    pub(crate) fn shelf(&self, model: &ModelId) -> Option<&Arc<Shelf>> {
        self.shelves.get(model)
    }

    pub(crate) fn shelves(&self) -> impl Iterator<Item = (&ModelId, &Arc<Shelf>)> {
        self.shelves.iter()
    }

    /// The models, ascending.
    pub(crate) fn models(&self) -> Vec<ModelId> {
        self.shelves.keys().copied().collect()
    }
}

impl Shelf {
    async fn load(client: &Client, model: ModelId) -> Result<Self, ModelError> {
        let fetch = |what, content: ContentId, bytes_max: usize| async move {
            let fetched = client.get_content(content, bytes_max as u64).await;
            fetched.map_err(|source| ModelError::Fetch {
                what,
                model,
                source: Box::new(source),
            })
        };
        let row = client
            .model(model)
            .await
            .map_err(|source| ModelError::Fetch {
                what: "the registration",
                model,
                source: Box::new(source),
            })?
            .ok_or(ModelError::Unregistered { model })?;
        let has_key = !row.proof_keys.is_empty();
        let program = fetch("the program", row.program, PROGRAM_BYTES_MAX).await?;
        let manifest = fetch("the manifest", row.manifest, MANIFEST_BYTES_MAX).await?;
        let actual = ModelId::of_program(&program);
        if actual != model {
            return Err(ModelError::WrongProgram { model, actual });
        }
        let refused = move |error| ModelError::Manifest {
            model,
            source: Box::new(error),
        };
        let manifest = Manifest::from_bytes(&manifest).map_err(refused)?;
        // Planning and the first run of a large model take seconds, so they leave the runtime's threads alone.
        let planned = tokio::task::spawn_blocking(move || {
            let program = Program::from_bytes(&program).map_err(|error| ModelError::Program {
                model,
                source: Box::new(error),
            })?;
            manifest.check_program(&program).map_err(refused)?;
            let name = manifest.fields().name.clone();
            Ok(Self::plan(name, program, has_key))
        });
        match planned.await {
            Ok(result) => result,
            Err(failed) => std::panic::resume_unwind(failed.into_panic()),
        }
    }

    fn plan(name: String, program: Program, has_key: bool) -> Self {
        let plan = Arc::new(Plan::new(program));
        let shelf = Self {
            name,
            idle: Mutex::new(vec![Executor::of_plan(Arc::clone(&plan), 1)]),
            plan,
            run_us: AtomicU64::new(0),
            prover: OnceLock::new(),
            has_key,
        };
        if let Some(zeros) = shelf.zeros() {
            // The program takes its own input type.
            let _ = shelf.run(&zeros);
        }
        shelf
    }

    /// An input without content: what a run costs does not depend on it.
    fn zeros(&self) -> Option<Tensor> {
        let input = self.plan.program().input().clone();
        let zeros = TensorData::zeros(input.dtype, input.shape.elements());
        Tensor::new(input.shape, zeros).ok()
    }

    /// Runs the model again and again for `time`, at least once, and says how often.
    pub(crate) fn run_for(&self, time: Duration) -> u64 {
        let Some(zeros) = self.zeros() else {
            return 0;
        };
        let (begun, mut runs) = (Instant::now(), 0);
        loop {
            if self.run(&zeros).is_err() {
                return runs;
            }
            runs += 1;
            if begun.elapsed() >= time {
                return runs;
            }
        }
    }

    /// The model's name, by its manifest.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Reads an input and checks that the program takes it; `None` when it does not.
    pub(crate) fn read_input(&self, bytes: &[u8]) -> Option<Tensor> {
        let tensor = Tensor::from_bytes(bytes).ok()?;
        let takes = self.plan.program().input();
        (tensor.dtype() == takes.dtype && *tensor.shape() == takes.shape).then_some(tensor)
    }

    /// Runs the model: canonical bytes of the output.
    pub(crate) fn run(&self, input: &Tensor) -> Result<Vec<u8>, ExecuteError> {
        let started = Instant::now();
        let spare = self.idle().pop();
        let mut executor = spare.unwrap_or_else(|| Executor::of_plan(Arc::clone(&self.plan), 1));
        let output = executor.run(input);
        self.idle().push(executor);
        let took = u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX);
        // The mean of the last few runs; a lost update of another thread's does not matter.
        let before = self.run_us.load(Ordering::Relaxed);
        let mean = if before == 0 {
            took
        } else {
            before - before / 8 + took / 8
        };
        self.run_us.store(mean, Ordering::Relaxed);
        Ok(output?.to_bytes())
    }

    /// Recent time of one run, in microseconds.
    pub(crate) fn run_us(&self) -> u64 {
        self.run_us.load(Ordering::Relaxed)
    }

    /// What proves its answers. The first call commits to the weights, which takes up to seconds, and others wait.
    ///
    /// # Errors
    /// [`Note::CannotProve`].
    pub(crate) fn prover(&self) -> Result<&Prover, Note> {
        let made = self.prover.get_or_init(|| {
            let program = (**self.plan.program()).clone();
            Prover::of(program)
        });
        made.as_ref().map_err(|note| *note)
    }

    /// Recent time of one proof, in microseconds, or what it is expected to be; zero before [`Self::prover`].
    pub(crate) fn prove_us(&self) -> u64 {
        let made = self.prover.get().and_then(|made| made.as_ref().ok());
        made.map_or(0, Prover::prove_us)
    }

    /// Whether orders of proofs are to be expected.
    pub(crate) const fn has_key(&self) -> bool {
        self.has_key
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<Executor>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

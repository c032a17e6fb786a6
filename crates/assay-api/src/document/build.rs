//! From operations to the document.

use crate::{API_VERSION, BlockEvent, PROBLEM_MEDIA_TYPE, Problem, ProblemCode, StampedEvent};
use schemars::{JsonSchema, SchemaGenerator, generate::SchemaSettings};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// What any request can meet.
const EVERYWHERE: &[ProblemCode] = &[
    ProblemCode::Timeout,
    ProblemCode::TooLarge,
    ProblemCode::RateLimited,
    ProblemCode::Internal,
    ProblemCode::Unavailable,
];

/// The schema of a part, once there is a generator to make it with.
type Describe = fn(&mut SchemaGenerator) -> Value;

fn of<T: JsonSchema>(generator: &mut SchemaGenerator) -> Value {
    generator.subschema_for::<T>().to_value()
}

/// Bytes, which a schema says nothing about.
fn bytes(_: &mut SchemaGenerator) -> Value {
    json!({})
}

/// Text.
fn plain(_: &mut SchemaGenerator) -> Value {
    json!({"type": "string"})
}

/// One method of one path.
pub(super) struct Operation {
    pub(super) method: &'static str,
    pub(super) path: &'static str,
    pub(super) id: &'static str,
    pub(super) summary: &'static str,
    tag: &'static str,
    about: Vec<&'static str>,
    parameters: Vec<Parameter>,
    body: Option<&'static str>,
    answers: Vec<Answer>,
    problems: Vec<ProblemCode>,
}

struct Parameter {
    place: &'static str,
    name: &'static str,
    about: &'static str,
    required: bool,
    schema: Describe,
}

struct Answer {
    status: u16,
    about: &'static str,
    media: &'static str,
    schema: Option<Describe>,
    headers: &'static [(&'static str, &'static str)],
}

impl Operation {
    fn new(
        method: &'static str,
        (tag, id): (&'static str, &'static str),
        path: &'static str,
        summary: &'static str,
    ) -> Self {
        Self {
            method,
            path,
            id,
            summary,
            tag,
            about: Vec::new(),
            parameters: Vec::new(),
            body: None,
            answers: Vec::new(),
            problems: EVERYWHERE.to_vec(),
        }
    }

    pub(super) fn get(
        names: (&'static str, &'static str),
        path: &'static str,
        summary: &'static str,
    ) -> Self {
        Self::new("get", names, path, summary)
    }

    pub(super) fn head(
        names: (&'static str, &'static str),
        path: &'static str,
        summary: &'static str,
    ) -> Self {
        Self::new("head", names, path, summary)
    }

    /// Takes canonical or plain bytes.
    pub(super) fn post(
        names: (&'static str, &'static str),
        path: &'static str,
        summary: &'static str,
        body: &'static str,
    ) -> Self {
        let mut post = Self::new("post", names, path, summary);
        post.body = Some(body);
        post
    }

    /// Takes canonical or plain bytes.
    pub(super) fn put(
        names: (&'static str, &'static str),
        path: &'static str,
        summary: &'static str,
        body: &'static str,
    ) -> Self {
        let mut put = Self::new("put", names, path, summary);
        put.body = Some(body);
        put
    }

    /// A sentence more.
    pub(super) fn about(mut self, about: &'static str) -> Self {
        self.about.push(about);
        self
    }

    fn parameter(mut self, parameter: Parameter) -> Self {
        self.parameters.push(parameter);
        self.problem(ProblemCode::BadRequest)
    }

    /// A hole of the path.
    pub(super) fn hole<T: JsonSchema>(self, name: &'static str, about: &'static str) -> Self {
        self.parameter(Parameter {
            place: "path",
            name,
            about,
            required: true,
            schema: of::<T>,
        })
    }

    /// A parameter of the query, which may be left out.
    pub(super) fn query<T: JsonSchema>(self, name: &'static str, about: &'static str) -> Self {
        self.parameter(Parameter {
            place: "query",
            name,
            about,
            required: false,
            schema: of::<T>,
        })
    }

    /// The parameters that every list takes.
    pub(super) fn page(self) -> Self {
        self.query::<PageLimit>("limit", "Most items of the page.")
            .query::<String>(
                "cursor",
                "The `next` of the page before; left out for the first page.",
            )
    }

    pub(super) fn header(
        self,
        name: &'static str,
        about: &'static str,
        required: bool,
        schema: Describe,
    ) -> Self {
        self.parameter(Parameter {
            place: "header",
            name,
            about,
            required,
            schema,
        })
    }

    fn answer(mut self, answer: Answer) -> Self {
        self.answers.push(answer);
        self
    }

    /// Answers a view.
    pub(super) fn json<T: JsonSchema>(self, status: u16, about: &'static str) -> Self {
        self.answer(Answer {
            status,
            about,
            media: "application/json",
            schema: Some(of::<T>),
            headers: &[],
        })
    }

    /// Answers bytes.
    pub(super) fn bytes(self, media: &'static str, about: &'static str) -> Self {
        self.answer(Answer {
            status: 200,
            about,
            media,
            schema: Some(bytes),
            headers: &[],
        })
    }

    /// Answers text.
    pub(super) fn text(self, media: &'static str, about: &'static str) -> Self {
        self.answer(Answer {
            status: 200,
            about,
            media,
            schema: Some(plain),
            headers: &[],
        })
    }

    /// Answers a head without a body.
    pub(super) fn empty(self, about: &'static str) -> Self {
        self.answer(Answer {
            status: 200,
            about,
            media: "",
            schema: None,
            headers: &[],
        })
    }

    /// Headers of the answer that was named last.
    pub(super) fn with_headers(mut self, headers: &'static [(&'static str, &'static str)]) -> Self {
        if let Some(answer) = self.answers.last_mut() {
            answer.headers = headers;
        }
        self
    }

    /// Can be refused so.
    pub(super) fn problem(mut self, code: ProblemCode) -> Self {
        if !self.problems.contains(&code) {
            self.problems.push(code);
        }
        self
    }

    /// Can be refused so.
    pub(super) fn problems(self, codes: &[ProblemCode]) -> Self {
        codes.iter().fold(self, |all, code| all.problem(*code))
    }

    pub(super) fn holes(&self) -> Vec<&'static str> {
        let holes = self.parameters.iter();
        let holes = holes.filter(|parameter| parameter.place == "path");
        holes.map(|parameter| parameter.name).collect()
    }

    pub(super) fn answers_ok(&self) -> bool {
        self.answers.iter().any(|answer| answer.status < 300)
    }

    fn to_value(&self, generator: &mut SchemaGenerator) -> Value {
        let mut operation = json!({
            "operationId": self.id,
            "tags": [self.tag],
            "summary": self.summary,
            "responses": self.responses(generator),
        });
        if !self.about.is_empty() {
            operation["description"] = self.about.join(" ").into();
        }
        if !self.parameters.is_empty() {
            let parameters = self.parameters.iter().map(|parameter| {
                json!({
                    "name": parameter.name,
                    "in": parameter.place,
                    "description": parameter.about,
                    "required": parameter.required,
                    "schema": (parameter.schema)(generator),
                })
            });
            operation["parameters"] = parameters.collect();
        }
        if let Some(about) = self.body {
            operation["requestBody"] = json!({
                "description": about,
                "required": true,
                "content": {crate::OCTET_STREAM: {}},
            });
        }
        operation
    }

    fn responses(&self, generator: &mut SchemaGenerator) -> Value {
        let mut responses: BTreeMap<String, Value> = BTreeMap::new();
        for answer in &self.answers {
            let response = responses
                .entry(answer.status.to_string())
                .or_insert_with(|| json!({"description": answer.about}));
            if let Some(schema) = answer.schema {
                let schema = schema(generator);
                let media = if schema == json!({}) {
                    json!({})
                } else {
                    json!({"schema": schema})
                };
                response["content"][answer.media] = media;
            }
            for (name, about) in answer.headers {
                response["headers"][name] =
                    json!({"description": about, "schema": {"type": "string"}});
            }
        }
        let mut by_status: BTreeMap<u16, Vec<ProblemCode>> = BTreeMap::new();
        for code in &self.problems {
            by_status.entry(code.status()).or_default().push(*code);
        }
        for (status, codes) in by_status {
            let told = codes
                .iter()
                .map(|code| format!("`{}`: {}.", code.name(), code.title()));
            let about: Vec<String> = told.collect();
            let mut response = json!({"description": about.join(" ")});
            // A HEAD has no body to tell it in.
            if self.method != "head" {
                response["content"][PROBLEM_MEDIA_TYPE] =
                    json!({"schema": of::<Problem>(generator)});
            }
            if status == ProblemCode::RateLimited.status() {
                response["headers"]["retry-after"] = json!({
                    "description": "Seconds to wait, where the code is `rate_limited`.",
                    "schema": {"type": "integer"},
                });
            }
            responses.insert(status.to_string(), response);
        }
        Value::Object(responses.into_iter().collect())
    }
}

/// A limit of a list.
struct PageLimit;

impl JsonSchema for PageLimit {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "PageLimit".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "integer",
            "minimum": 1,
            "maximum": crate::PAGE_ITEMS_MAX,
            "default": crate::PAGE_ITEMS_DEFAULT,
        })
    }
}

/// The whole document.
pub(super) fn document(operations: Vec<Operation>) -> Value {
    let mut settings = SchemaSettings::draft2020_12().for_serialize();
    settings.definitions_path = "/components/schemas".into();
    settings.meta_schema = None;
    let mut generator = settings.into_generator();
    let mut paths: BTreeMap<&str, Map<String, Value>> = BTreeMap::new();
    for operation in &operations {
        let value = operation.to_value(&mut generator);
        let path = paths.entry(operation.path).or_default();
        path.insert(operation.method.to_owned(), value);
    }
    // What the event stream's messages hold, which no schema of a response can say.
    let _ = of::<StampedEvent>(&mut generator);
    let _ = of::<BlockEvent>(&mut generator);
    let schemas = generator.take_definitions(true);
    json!({
        "openapi": "3.1.1",
        "info": {
            "title": "Assay node",
            "version": API_VERSION,
            "summary": "An open market for AI work: nothing is paid until its check has passed.",
            "description": ABOUT,
            "license": {"name": "MIT OR Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "tags": [
            {"name": "node", "description": "The node and its chain at a glance."},
            {"name": "accounts", "description": "Money, lanes, records, orders by party."},
            {"name": "names", "description": "What people write instead of an address."},
            {"name": "transactions", "description": "Handing in signed bytes and asking what became of them."},
            {"name": "chain", "description": "Final blocks and the event stream."},
            {"name": "market", "description": "Offers, orders, answers, receipts, models."},
            {"name": "state", "description": "Proofs of the ledger's rows, for who does not trust the node."},
            {"name": "content", "description": "Bytes by their BLAKE3 hash."},
        ],
        "paths": paths,
        "components": {"schemas": schemas},
    })
}

const ABOUT: &str = "\
Ids are 64 hexadecimal digits, accounts `asy1…` addresses, amounts decimal strings of grains (10⁻⁹ ASY), \
heights and times in milliseconds of ledger time plain numbers. Readers ignore fields they do not know: \
fields are added, never changed. What is signed or hashed travels as canonical bytes, \
`application/octet-stream`.\n\n\
Every refusal is a problem (RFC 9457) whose `code` is for programs and whose `hint` says what to do. \
Lists answer a page and `next`, which is sent as `cursor` for the page that follows. Too many requests \
from one address are answered by 429 with `retry-after`. Unknown parameters of a query are refused.";

use super::*;
use assay_model::bundled;

#[test]
fn a_record_names_the_machine_and_is_read_back_as_written() {
    let model = bundled::find("digits-mlp").unwrap();
    let library = Library::of("digits-mlp", ModelId::new([7; 32]), model.program());
    let record = HardwareRecord::measure(&library, 2, Duration::from_millis(60));
    assert!(record.machine.threads >= 1 && record.machine.memory_bytes > 0);
    let [speed] = &record.speeds[..] else {
        panic!("{record:?}");
    };
    assert_eq!((speed.name.as_str(), speed.threads), ("digits-mlp", 2));
    assert!(speed.per_second > 0.0 && speed.run_us > 0.0, "{speed:?}");

    let folder = tempfile::tempdir().unwrap();
    let path = record.keep(&folder.path().join("seller")).unwrap();
    record.keep(&folder.path().join("seller")).unwrap();
    let read = HardwareRecord::read(path.parent().unwrap()).unwrap();
    assert_eq!((&read.machine, read.version), (&record.machine, VERSION));
    assert!(read.covers(&library));
    let other = Library::of("digits-mlp", ModelId::new([8; 32]), model.program());
    assert!(!read.covers(&other), "another model was never measured");
    let elsewhere = Machine {
        memory_bytes: 1,
        ..read.machine.clone()
    };
    assert!(
        !HardwareRecord {
            machine: elsewhere,
            ..read
        }
        .covers(&library)
    );
    assert_eq!(HardwareRecord::read(folder.path()), None);
    let error = record.keep(&path).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("cannot write the hardware record"),
        "{error}"
    );
}

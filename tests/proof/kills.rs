//! SIGKILL under load: whatever was answered is there, whatever was not is whole or absent.

use std::os::unix::process::ExitStatusExt as _;
use std::time::Instant;

use crate::process::violations;
use crate::survived::Run;
use crate::world::{CLIENTS, World, data_files};
use crate::{millis, pass};

/// The secrets are sought in the files after so many kills, and in the end.
const SEEK: usize = 10;

#[tokio::test(flavor = "multi_thread")]
async fn what_was_answered_survives_a_kill_and_what_was_not_is_whole_or_absent() {
    let run = Run::of("kills", 200);
    let cycles = run.count;
    let mut world = World::new(run.seed);
    let mut waits = vec![];
    let (mut server, mut projects) = world.start().await;
    let mut accepted = 0;
    for cycle in 0..cycles {
        let moment = millis(&mut world.chance, 5, 120);
        world
            .work(&projects, async {
                pass(moment).await;
                server.signal("KILL");
            })
            .await;
        let (status, _) = server.end();
        assert_eq!(status.signal(), Some(9), "cycle {cycle}: nothing else ended it");
        if cycle % SEEK == SEEK - 1 {
            world.seek_secrets(&data_files(&world.data()));
        }

        let start = Instant::now();
        (server, projects) = world.start().await;
        let ready = reqwest::get(format!("{}/_evs/ready", server.url)).await.unwrap();
        assert_eq!(ready.status(), 200);
        waits.push(start.elapsed());

        world.check(&projects).await;
        let journal = &mut world.journals[cycle % CLIENTS];
        accepted += usize::from(journal.accept_one(&projects).await);
    }
    assert!(world.answered() > 5 * cycles, "{} answers", world.answered());
    world.check(&projects).await;
    server.signal("TERM");
    assert_eq!(server.end().0.code(), Some(0));
    assert_eq!(violations(&world.data()).await, Vec::<String>::new());
    let mut files = data_files(&world.data());
    files.push(world.log());
    world.seek_secrets(&files);

    waits.sort();
    let (least, most) = (waits[0], waits[waits.len() - 1]);
    let result = format!(
        "{} answers, {} requests done though their answer was lost, {accepted} keys opened later; \
         from start to ready {least:.0?} at least, {:.0?} in the middle, {most:.0?} at most",
        world.answered(),
        world.journals.iter().map(|journal| journal.unheard).sum::<usize>(),
        waits[waits.len() / 2],
    );
    run.survived(cycles, &result);
}

package io.vivarium.library;

import static org.assertj.core.api.Assertions.assertThat;

import io.vivarium.client.VivariumException;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A process that changes the library is killed at random points: all is old or new after it. */
final class LibraryCrashTest {
  private static final int KILLS = 12;

  @TempDir Path home;

  /** Changes the library until it is killed; says a line after each round. */
  public static final class Changer {
    public static void main(String[] args) throws Exception {
      Library library = Library.open(new Home(Path.of(args[0])));
      for (int i = 0; ; i++) {
        String name = "vm" + i % 5;
        try {
          MachineFolder folder = library.create(LibraryTest.spec(name));
          SnapshotStore store = new SnapshotStore(library.home(), folder);
          Path unfinished = store.begin();
          Files.write(unfinished.resolve("machine").resolve("memory"), new byte[10_000]);
          String id = SnapshotStore.newId();
          store.keep(
              unfinished,
              new SnapshotStore.Entry(
                  id,
                  "s" + i,
                  null,
                  "",
                  Instant.now(),
                  true,
                  false,
                  false,
                  "",
                  LibraryTest.spec(name)));
        } catch (VivariumException e) {
          String other = "vm" + (i + 7) % 5;
          if (library.names().contains(other)) {
            library.trash(other);
          }
        }
        System.out.println(i);
      }
    }
  }

  @Test
  void killedAtAnyMoment() throws Exception {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    for (int kill = 0; kill < KILLS; kill++) {
      Process process =
          new ProcessBuilder(
                  Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                  "-Xshare:auto",
                  "-XX:TieredStopAtLevel=1",
                  "-XX:+UseSerialGC",
                  "-cp",
                  System.getProperty("java.class.path"),
                  Changer.class.getName(),
                  home.toString())
              .redirectError(ProcessBuilder.Redirect.INHERIT)
              .start();
      BufferedReader lines =
          new BufferedReader(
              new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
      int rounds = random.nextInt(30);
      for (int i = 0; i <= rounds; i++) {
        assertThat(lines.readLine()).as("seed %d", seed).isNotNull();
      }
      // Somewhere within the next round.
      long spin = System.nanoTime() + random.nextInt(3_000_000);
      while (System.nanoTime() < spin) {
        Thread.onSpinWait();
      }
      process.destroyForcibly().waitFor();
      checkWhole("seed " + seed + " kill " + kill);
    }
  }

  private void checkWhole(String when) throws Exception {
    Library library = Library.open(new Home(home));
    library.sweep();
    assertThat(home.resolve("machines"))
        .as(when)
        .isDirectoryNotContaining(p -> String.valueOf(p.getFileName()).startsWith("."));
    for (String name : library.names()) {
      MachineFolder folder = library.find(name);
      assertThat(library.read(folder)).as(when).isEqualTo(LibraryTest.spec(name));
      SnapshotStore store = new SnapshotStore(library.home(), folder);
      for (SnapshotStore.Entry entry : store.entries()) {
        assertThat(SnapshotStore.damage(entry)).as(when).isNull();
        assertThat(store.folder(entry.id()).resolve("machine/memory")).as(when).hasSize(10_000);
      }
      String current = Library.current(folder);
      assertThat(current == null || Files.isDirectory(store.folder(current))).as(when).isTrue();
    }
  }
}

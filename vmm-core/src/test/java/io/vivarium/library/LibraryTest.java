package io.vivarium.library;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.vivarium.client.VivariumException;
import io.vivarium.client.VivariumException.Kind;
import io.vivarium.client.VmSpec;
import io.vivarium.client.VmState;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class LibraryTest {
  @TempDir Path home;
  private Library library;

  @BeforeEach
  void open() throws VivariumException {
    library = Library.open(new Home(home));
  }

  static VmSpec spec(String name) {
    return new VmSpec(
        1,
        name,
        "debian-tiny",
        null,
        null,
        "quiet",
        256L << 20,
        2,
        List.of(),
        List.of(),
        "none",
        false);
  }

  @Test
  void whatIsCreatedIsReadBack() throws Exception {
    library.create(spec("web"));
    assertThat(library.read(library.find("web"))).isEqualTo(spec("web"));
    assertThat(library.info(library.find("web")).state()).isEqualTo(VmState.STOPPED);
  }

  @Test
  void whatWasRemovedLastComesBackUnderItsName() throws Exception {
    library.create(spec("web").withSize(64 << 20, 1));
    library.trash("web");
    try (var items = Files.newDirectoryStream(library.home().trash())) {
      Files.move(items.iterator().next(), library.home().trash().resolve("100-0badcafe-web"));
    }
    library.create(spec("web"));
    assertThat(failure(() -> library.untrash("web")).kind()).isEqualTo(Kind.CONFLICT);
    library.trash("web");
    library.untrash("web");
    assertThat(library.read(library.find("web"))).isEqualTo(spec("web"));
    assertThat(library.trash()).hasSize(1);
    assertThat(failure(() -> library.untrash("db")).kind()).isEqualTo(Kind.NOT_FOUND);
  }

  @Test
  void aRemovedVmWhoseSpecIsDamagedIsNamedByWhereItLies() throws Exception {
    library.create(spec("web"));
    library.trash("web");
    Path item;
    try (var items = Files.newDirectoryStream(home.resolve("trash"))) {
      item = items.iterator().next();
    }
    Files.writeString(item.resolve("spec.json"), "{");
    VivariumException failure = failure(() -> library.untrash("web"));
    assertThat(failure.kind()).isEqualTo(Kind.BAD_FILE);
    assertThat(failure.cure()).contains(item.toString());
    assertThat(item).isDirectory();
  }

  @Test
  void aTakenNameIsRefused() throws Exception {
    library.create(spec("web"));
    library.create(spec("db"));
    assertThat(failure(() -> library.create(spec("web"))).kind()).isEqualTo(Kind.CONFLICT);
    assertThat(failure(() -> library.rename("web", "db")).kind()).isEqualTo(Kind.CONFLICT);
    assertThat(library.names()).containsExactly("db", "web");
  }

  @Test
  void aRenamedVmIsCalledByItsNewName() throws Exception {
    library.create(spec("web"));
    library.rename("web", "www");
    assertThat(library.read(library.find("www")).name()).isEqualTo("www");
    assertThat(failure(() -> library.find("web")).cure()).contains("www");
  }

  @Test
  void removedVmsWaitInTheTrash() throws Exception {
    library.create(spec("web"));
    library.trash("web");
    assertThat(library.names()).isEmpty();
    assertThat(home.resolve("trash")).isDirectoryContaining(p -> p.toString().endsWith("-web"));
  }

  @Test
  void namesThatLeadElsewhereAreRefused() {
    for (String name : List.of("..", "../x", "a/b", "", "A", "-x", "x".repeat(64), "a\nb")) {
      assertThat(failure(() -> library.find(name)).kind()).as(name).isEqualTo(Kind.USAGE);
    }
  }

  @Test
  void aDamagedSpecIsNamedAndHidesNoOther() throws Exception {
    library.create(spec("web"));
    library.create(spec("db"));
    for (String json : List.of("", "{", "[]", "{\"version\":2}", "{\"version\":1}", "\0\0")) {
      Files.writeString(library.find("web").spec(), json);
      VivariumException failure = failure(() -> library.read(library.find("web")));
      assertThat(failure.kind()).as(json).isEqualTo(Kind.BAD_FILE);
      assertThat(failure).hasMessageContaining("web");
    }
    assertThat(library.read(library.find("db"))).isNotNull();
  }

  @Test
  void anEngineThatHoldsItsLockLivesAndOneThatDoesNotHasCrashed() throws Exception {
    MachineFolder folder = library.create(spec("web"));
    EngineLock lock = Objects.requireNonNull(EngineLock.acquire(folder.lock()));
    new EngineStatus(VmState.RUNNING, 42, Instant.now(), null).write(folder.status());
    assertThat(EngineLock.acquire(folder.lock())).isNull();
    assertThat(library.info(folder).state()).isEqualTo(VmState.RUNNING);
    assertThat(library.info(folder).enginePid()).isEqualTo(42);
    lock.close();
    assertThat(library.info(folder).state()).isEqualTo(VmState.CRASHED);
    assertThat(library.info(folder).enginePid()).isZero();
  }

  @Test
  void leftoversOfDeadProcessesAreSwept() throws Exception {
    Path dead = home.resolve("machines/.tmp-999999999-x");
    Path alive = home.resolve("machines/.tmp-" + ProcessHandle.current().pid() + "-x");
    Files.createDirectories(dead.resolve("snapshots"));
    Files.createDirectories(alive);
    library.sweep();
    assertThat(dead).doesNotExist();
    assertThat(alive).exists();
  }

  @Test
  void disposableVmsThatNobodyStartsAreSweptOnceTheyAreOld() throws Exception {
    MachineFolder fresh = library.create(spec("fresh").as("fresh", true));
    MachineFolder old = library.create(spec("old").as("old", true));
    MachineFolder staying = library.create(spec("staying"));
    Instant then = Instant.now().minus(Duration.ofHours(2));
    Files.setLastModifiedTime(old.spec(), FileTime.from(then));
    Files.setLastModifiedTime(staying.spec(), FileTime.from(then));
    library.sweep();
    assertThat(library.names()).containsExactly("fresh", "staying");
    new EngineStatus(VmState.RUNNING, 42, Instant.now(), null).write(fresh.status());
    library.sweep();
    assertThat(library.names()).containsExactly("staying");
  }

  @Test
  void theConsolesTailIsPlainText() {
    byte[] console =
        "\u001b[1mone\u001b[0m\r\n\u001b]0;title\u0007two\u0001\r\n\r\n# "
            .getBytes(StandardCharsets.UTF_8);
    assertThat(ConsoleTail.of(console, console.length)).isEqualTo("one\ntwo\n# ");
  }

  private static VivariumException failure(
      org.assertj.core.api.ThrowableAssert.ThrowingCallable what) {
    return catchThrowableOfType(VivariumException.class, what);
  }
}

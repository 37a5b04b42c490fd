package io.vivarium.images.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vivarium.images.BuildProgress;
import io.vivarium.images.ImageException;
import io.vivarium.images.ImageException.Kind;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ImageStoreTest {
  @TempDir Path home;
  private ImageStore store;

  @BeforeEach
  void open() {
    store = new ImageStore(home);
  }

  /** Builds a kernel file with the given text. */
  private record Fake(String name, String fingerprint, String content) implements Recipe {
    @Override
    public String description() {
      return "a fake";
    }

    @Override
    public Built build(Path folder, Path cache, BuildProgress progress) throws IOException {
      Files.writeString(folder.resolve("vmlinuz"), content);
      return new Built("vmlinuz", null, "console=ttyS0", List.of(), 1, List.of());
    }
  }

  private static Fake fake(String name, String content) {
    return new Fake(name, "1", content);
  }

  @Test
  void keepsWhatWasBuilt() throws Exception {
    StoredImage built = store.build(fake("tiny", "kernel"), BuildProgress.NONE);

    assertThat(store.list()).containsExactly(built);
    assertThat(store.get("tiny")).isEqualTo(built);
    assertThat(built.kernel()).hasContent("kernel");
    assertThat(built.sizeBytes()).isEqualTo(6);
    assertThat(built.digest()).startsWith("sha256:");
    assertThat(Files.getPosixFilePermissions(built.kernel()).toString()).doesNotContain("WRITE");
    assertThat(home.resolve("images/tmp")).doesNotExist();
    store.verify(built);
  }

  @Test
  void isStaleWhenTheRecipeChanged() throws Exception {
    assertThat(store.fresh(fake("tiny", "kernel"))).isFalse();
    store.build(fake("tiny", "kernel"), BuildProgress.NONE);
    assertThat(store.fresh(fake("tiny", "kernel"))).isTrue();

    Fake newer = new Fake("tiny", "2", "other");
    assertThat(store.fresh(newer)).isFalse();
    assertThat(store.ensure(newer, BuildProgress.NONE).kernel()).hasContent("other");
  }

  @Test
  void keepsTheImageThatIsTheSameAsTheOneBuilt() throws Exception {
    StoredImage first = store.build(fake("tiny", "kernel"), BuildProgress.NONE);
    assertThat(store.build(fake("tiny", "kernel"), BuildProgress.NONE)).isEqualTo(first);
  }

  @Test
  void leavesNothingOfABuildThatFailed() throws Exception {
    store.build(fake("tiny", "kernel"), BuildProgress.NONE);
    Recipe bad =
        new Recipe() {
          @Override
          public String name() {
            return "tiny";
          }

          @Override
          public String description() {
            return "";
          }

          @Override
          public String fingerprint() {
            return "2";
          }

          @Override
          public Built build(Path folder, Path cache, BuildProgress progress) throws IOException {
            Files.writeString(folder.resolve("vmlinuz"), "half");
            throw new IOException("No space left on device");
          }
        };

    assertThatThrownBy(() -> store.build(bad, BuildProgress.NONE))
        .isInstanceOfSatisfying(
            ImageException.class,
            e -> {
              assertThat(e.kind()).isEqualTo(Kind.HOST);
              assertThat(e).hasMessageContaining("tiny").hasMessageContaining("No space left");
              assertThat(e.cure()).contains("Free some disk space");
            });
    assertThat(store.get("tiny").kernel()).hasContent("kernel");
    assertThat(home.resolve("images/tmp")).doesNotExist();
  }

  @Test
  void cleansUpAfterADeadBuild() throws Exception {
    Path dead = home.resolve("images/tmp/tiny");
    Files.createDirectories(dead);
    Files.writeString(dead.resolve("vmlinuz"), "half");

    StoredImage built = store.build(fake("tiny", "kernel"), BuildProgress.NONE);

    assertThat(built.kernel()).hasContent("kernel");
    assertThat(home.resolve("images/tmp")).doesNotExist();
  }

  @Test
  void removesAnImageWhenItsLastNameGoes() throws Exception {
    StoredImage older = store.build(fake("tiny", "older"), BuildProgress.NONE);
    store.build(fake("tiny", "newer"), BuildProgress.NONE);
    StoredImage other = store.build(fake("other", "kernel"), BuildProgress.NONE);
    assertThat(older.kernel()).exists();

    store.remove("tiny");

    assertThat(store.list()).containsExactly(other);
    assertThat(older.folder()).doesNotExist();
    try (Stream<Path> folders = Files.list(home.resolve("images/sha256"))) {
      assertThat(folders).containsExactly(other.folder());
    }
    assertThatThrownBy(() -> store.remove("tiny"))
        .isInstanceOfSatisfying(
            ImageException.class, e -> assertThat(e.kind()).isEqualTo(Kind.NOT_FOUND));
  }

  @Test
  void refusesNamesThatAreNoNames() throws Exception {
    for (String name : List.of("", "..", "a/b", "../../etc/passwd", "A", "-x", ".hidden")) {
      assertThat(store.find(name)).isEmpty();
      assertThatThrownBy(() -> store.remove(name)).isInstanceOf(ImageException.class);
    }
  }

  @Test
  void noticesDamage() throws Exception {
    StoredImage image = store.build(fake("tiny", "kernel"), BuildProgress.NONE);
    image.kernel().toFile().setWritable(true);
    Files.writeString(image.kernel(), "Kernel");
    assertThatThrownBy(() -> store.verify(image)).hasMessageContaining("vmlinuz is not what");

    Path manifest = image.folder().resolve("manifest.json");
    manifest.toFile().setWritable(true);
    Files.writeString(manifest, Files.readString(manifest).replace("tiny", "tany"));
    assertThatThrownBy(() -> store.get("tiny"))
        .isInstanceOfSatisfying(
            ImageException.class,
            e -> {
              assertThat(e.kind()).isEqualTo(Kind.BAD_FILE);
              assertThat(e.cure()).contains("viv image build tiny");
            });
    assertThat(store.list()).isEmpty();
    assertThat(store.fresh(fake("tiny", "kernel"))).isFalse();
    assertThat(store.build(fake("tiny", "kernel"), BuildProgress.NONE).kernel())
        .hasContent("kernel");
  }

  @Test
  void waitsForAnotherBuildAndCanBeCalledOff() throws Exception {
    CountDownLatch waiting = new CountDownLatch(1);
    AtomicBoolean cancelled = new AtomicBoolean();
    BuildProgress second =
        new BuildProgress() {
          @Override
          public void update(String step, double fraction) {
            waiting.countDown();
          }

          @Override
          public boolean cancelled() {
            return cancelled.get();
          }
        };
    Recipe slow =
        new Recipe() {
          @Override
          public String name() {
            return "slow";
          }

          @Override
          public String description() {
            return "";
          }

          @Override
          public String fingerprint() {
            return "1";
          }

          @Override
          public Built build(Path folder, Path cache, BuildProgress progress)
              throws IOException, InterruptedException {
            Thread other =
                Thread.ofVirtual()
                    .start(
                        () ->
                            assertThatThrownBy(() -> store.build(fake("tiny", "x"), second))
                                .isInstanceOfSatisfying(
                                    ImageException.class,
                                    e -> assertThat(e.kind()).isEqualTo(Kind.CANCELLED)));
            waiting.await();
            cancelled.set(true);
            other.join();
            Files.writeString(folder.resolve("vmlinuz"), "kernel");
            return new Built("vmlinuz", null, "", List.of(), 0, List.of());
          }
        };
    store.build(slow, BuildProgress.NONE);
    assertThat(store.find("tiny")).isEmpty();
  }

  @Test
  void findsItsHome() {
    assertThat(ImageStore.defaultHome(Map.of("VIVARIUM_HOME", "/a/b"))).hasToString("/a/b");
    assertThat(ImageStore.defaultHome(Map.of("XDG_DATA_HOME", "/d"))).hasToString("/d/vivarium");
    assertThat(ImageStore.defaultHome(Map.of("XDG_DATA_HOME", "relative")).toString())
        .endsWith("/.local/share/vivarium");
  }
}

package io.vivarium.client.internal;

import io.vivarium.client.Json;
import io.vivarium.client.Progress;
import io.vivarium.client.VivariumException;
import io.vivarium.client.VivariumException.Kind;
import io.vivarium.client.VmSpec;
import io.vivarium.library.ConsoleTail;
import io.vivarium.library.DurableFiles;
import io.vivarium.library.EngineLock;
import io.vivarium.library.Failures;
import io.vivarium.library.Home;
import io.vivarium.library.MachineFolder;
import io.vivarium.library.SpecCodec;
import io.vivarium.library.WarmKey;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Warm snapshots, "ready at the prompt": {@code warm/<key>} for an image, a memory size, a number
 * of CPUs and this host. An engine of its own boots the image in {@code warm/.tmp-...}, waits for
 * the agent, saves and ends.
 */
final class WarmStarts {
  private static final long LOOK_MILLIS = 200;

  private final Home home;
  private final HostImages images;
  private final EngineLauncher launcher;

  WarmStarts(Home home, HostImages images, EngineLauncher launcher) {
    this.home = home;
    this.images = images;
    this.launcher = launcher;
  }

  /** The warm snapshot that a VM can start from, or null. */
  @Nullable Path find(VmSpec spec) throws VivariumException {
    String image = spec.image();
    // What a VM keeps on disks of its own belongs to its past, which a warm snapshot lacks.
    if (image == null || spec.cmdline() != null || !spec.disks().isEmpty()) {
      return null;
    }
    String digest = images.builtDigest(image);
    if (digest == null) {
      return null;
    }
    Path folder = home.warm().resolve(WarmKey.of(digest, spec.memoryBytes(), spec.cpus()));
    return Files.isDirectory(folder) ? folder : null;
  }

  /** A damaged one must not stand in the way of the next. */
  void discard(Path warm) {
    try {
      Path aside = DurableFiles.unfinished(home.warm());
      Files.move(warm, aside, java.nio.file.StandardCopyOption.ATOMIC_MOVE);
      DurableFiles.deleteTree(aside);
    } catch (IOException e) {
      // Somebody else was faster, or the next start tells.
    }
  }

  private Path folder(String image, long memoryBytes, int cpus) throws VivariumException {
    return home.warm().resolve(WarmKey.of(images.digest(image), memoryBytes, cpus));
  }

  void prepare(String image, long memoryBytes, int cpus, Progress progress)
      throws VivariumException {
    images.require(image);
    Path warm = folder(image, memoryBytes, cpus);
    if (Files.isDirectory(warm)) {
      return;
    }
    try {
      Files.createDirectories(home.warm());
      EngineLock lock = EngineLock.acquire(lockFile(warm));
      while (lock == null) {
        progress.update("waiting for another viv that boots " + image, -1);
        pause(progress);
        lock = EngineLock.acquire(lockFile(warm));
      }
      try {
        DurableFiles.sweep(home.warm());
        if (!Files.isDirectory(warm)) {
          build(image, memoryBytes, cpus, warm, progress);
        }
      } finally {
        lock.close();
      }
    } catch (IOException e) {
      throw Failures.explain("cannot prepare the image '" + image + "'", e);
    }
  }

  private void build(String image, long memoryBytes, int cpus, Path warm, Progress progress)
      throws VivariumException, IOException {
    Path unfinished = DurableFiles.unfinished(home.warm());
    MachineFolder folder = new MachineFolder(unfinished);
    Files.createDirectories(folder.run());
    Files.createDirectories(unfinished.resolve("machine"));
    VmSpec spec =
        new VmSpec(
            1,
            image,
            image,
            null,
            null,
            null,
            memoryBytes,
            cpus,
            List.of(),
            List.of(),
            "none",
            false);
    Files.write(folder.spec(), Json.pretty(SpecCodec.write(spec)).getBytes(StandardCharsets.UTF_8));
    EngineLauncher.Start start = launcher.start(folder, List.of("--template"));
    Thread watch = new Thread(() -> watch(folder, start, progress), "template-watch");
    watch.setDaemon(true);
    // An interrupted command must not leave a boot behind that nobody waits for.
    Thread killer = new Thread(start::kill, "template-killer");
    Runtime.getRuntime().addShutdownHook(killer);
    try (start) {
      watch.start();
      start.await(progress);
      DurableFiles.rename(unfinished, warm);
    } catch (VivariumException e) {
      if (progress.cancelled()) {
        throw new VivariumException(
            Kind.CANCELLED, "preparing the image '" + image + "' was called off", "");
      }
      String last = ConsoleTail.of(folder.consoleLog());
      if (!last.isEmpty()) {
        progress.line(last);
      }
      throw e;
    } finally {
      start.kill();
      watch.interrupt();
      Runtime.getRuntime().removeShutdownHook(killer);
      DurableFiles.deleteTree(unfinished);
    }
  }

  /** Hands the boot's log to the user, and their calling off to the engine. */
  private static void watch(MachineFolder folder, EngineLauncher.Start start, Progress progress) {
    LineTail tail = new LineTail(folder.consoleLog());
    while (!Thread.currentThread().isInterrupted()) {
      tail.newLines().forEach(progress::line);
      if (progress.cancelled()) {
        start.kill();
        return;
      }
      try {
        Thread.sleep(LOOK_MILLIS);
      } catch (InterruptedException e) {
        return;
      }
    }
  }

  private static void pause(Progress progress) throws VivariumException {
    try {
      Thread.sleep(LOOK_MILLIS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new VivariumException(Kind.CANCELLED, "the wait was called off", "");
    }
    if (progress.cancelled()) {
      throw new VivariumException(Kind.CANCELLED, "the wait was called off", "");
    }
  }

  private static Path lockFile(Path warm) {
    return warm.resolveSibling(warm.getFileName() + ".lock");
  }
}

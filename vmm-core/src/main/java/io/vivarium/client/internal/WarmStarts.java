package io.vivarium.client.internal;

import io.vivarium.client.Disks;
import io.vivarium.client.Json;
import io.vivarium.client.JsonException;
import io.vivarium.client.Progress;
import io.vivarium.client.VivariumException;
import io.vivarium.client.VivariumException.Kind;
import io.vivarium.client.VmSpec;
import io.vivarium.client.VmSpec.DiskSpec;
import io.vivarium.library.CheckedJson;
import io.vivarium.library.ConsoleTail;
import io.vivarium.library.DiskLayers;
import io.vivarium.library.DurableFiles;
import io.vivarium.library.EngineLock;
import io.vivarium.library.Failures;
import io.vivarium.library.Home;
import io.vivarium.library.MachineFolder;
import io.vivarium.library.SpecCodec;
import io.vivarium.library.WarmKey;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
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
    String digest = possible(spec) ? images.builtDigest(String.valueOf(spec.image())) : null;
    if (digest == null) {
      return null;
    }
    Path folder = folder(digest, spec);
    return Files.isDirectory(folder) ? folder : null;
  }

  /**
   * Whether a VM may start from its image's warm snapshot. One on a private network shall have an
   * address of its own, which the guest in the snapshot lacks.
   */
  static boolean possible(VmSpec spec) {
    return spec.image() != null
        && spec.cmdline() == null
        && (spec.network().equals("none") || spec.network().equals("user"))
        && spec.disks().stream().noneMatch(disk -> disk.file().isEmpty() || Disks.inPlace(disk));
  }

  private Path folder(String digest, VmSpec spec) {
    return home.warm().resolve(WarmKey.of(digest, spec.memoryBytes(), spec.cpus(), spec.network()));
  }

  /**
   * The disks that go with a warm snapshot, in a VM that has none of its own and never ran: new
   * layers on top of the sealed ones, which it then shares.
   */
  List<DiskSpec> adoptDisks(Path warm, DiskLayers layers) throws VivariumException {
    List<DiskSpec> made = new ArrayList<>();
    try {
      List<DiskSpec> sealed = sealed(warm);
      if (!sealed.isEmpty()) {
        layers.adoptAll(new DiskLayers(warm));
      }
      for (DiskSpec disk : sealed) {
        made.add(layers.overlay(disk));
      }
      return made;
    } catch (IOException e) {
      throw Failures.explain("the disks of the warm snapshot cannot be used", e);
    }
  }

  /** Whether disks go with a warm snapshot. */
  boolean hasDisks(Path warm) {
    return Files.isDirectory(new DiskLayers(warm).folder());
  }

  /** How many disks go with a warm snapshot. */
  int disks(Path warm) throws VivariumException {
    return sealed(warm).size();
  }

  private static List<DiskSpec> sealed(Path warm) throws VivariumException {
    try {
      byte[] spec = Files.readAllBytes(new MachineFolder(warm).spec());
      return SpecCodec.read(Json.parse(spec), "warm").disks();
    } catch (JsonException e) {
      throw new VivariumException(
          Kind.BAD_FILE, "the warm snapshot in " + warm + " is damaged: " + e.getMessage(), "", e);
    } catch (IOException e) {
      throw Failures.explain("the warm snapshot in " + warm + " cannot be used", e);
    }
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

  void prepare(VmSpec wanted, Progress progress) throws VivariumException {
    if (!possible(wanted)) {
      return;
    }
    String image = String.valueOf(wanted.image());
    images.require(image);
    Path warm = folder(images.digest(image), wanted);
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
          build(image, wanted, warm, progress);
        }
      } finally {
        lock.close();
      }
    } catch (IOException e) {
      throw Failures.explain("cannot prepare the image '" + image + "'", e);
    }
  }

  private void build(String image, VmSpec wanted, Path warm, Progress progress)
      throws VivariumException, IOException {
    Path unfinished = DurableFiles.unfinished(home.warm());
    MachineFolder folder = new MachineFolder(unfinished);
    Files.createDirectories(folder.run());
    Files.createDirectories(unfinished.resolve("machine"));
    VmSpec spec =
        new VmSpec(
            VmSpec.VERSION,
            image,
            image,
            null,
            null,
            null,
            wanted.memoryBytes(),
            wanted.cpus(),
            images.makeDisks(image, new DiskLayers(unfinished)),
            List.of(),
            wanted.network(),
            false);
    Files.write(folder.spec(), CheckedJson.write(SpecCodec.write(spec)));
    EngineLauncher.Start start = launcher.start(folder, spec.memoryBytes(), List.of("--template"));
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

package io.vivarium.engine;

import io.vivarium.client.Disks;
import io.vivarium.client.VivariumException;
import io.vivarium.client.VivariumException.Kind;
import io.vivarium.client.VmSpec.DiskSpec;
import io.vivarium.images.disk.BadImageException;
import io.vivarium.images.disk.Disk;
import io.vivarium.library.DiskLayers;
import io.vivarium.library.Failures;
import io.vivarium.machine.DeviceConfig.DiskConfig;
import io.vivarium.machine.HostDisks;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The open disk files of a VM, by their place in its spec. */
final class EngineDisks implements AutoCloseable {
  private final String vm;
  private final DiskLayers layers;
  private final List<LayeredDisk> open = new ArrayList<>();
  private List<DiskSpec> specs;

  private EngineDisks(String vm, DiskLayers layers, List<DiskSpec> specs) {
    this.vm = vm;
    this.layers = layers;
    this.specs = specs;
  }

  /** Opens and locks all of them, or none. */
  static EngineDisks open(String vm, DiskLayers layers, List<DiskSpec> specs)
      throws VivariumException {
    EngineDisks disks = new EngineDisks(vm, layers, specs);
    for (DiskSpec spec : specs) {
      try {
        disks.open.add(new LayeredDisk(disks.opener(spec)));
      } catch (IOException e) {
        disks.close();
        throw disks.explain(spec, disks.open.size(), e);
      }
    }
    return disks;
  }

  private VivariumException explain(DiskSpec spec, int place, IOException e) {
    String what = "VM '" + vm + "' cannot have its disk " + Disks.guestName(place);
    if (e instanceof NoSuchFileException) {
      return new VivariumException(
          Kind.BAD_FILE,
          what + ": its file " + spec.file() + " is missing",
          "Bring it back, or take it out: viv disk detach " + vm + " " + Disks.guestName(place),
          e);
    }
    if (e instanceof BadImageException) {
      return new VivariumException(Kind.BAD_FILE, what + ": " + e.getMessage(), "", e);
    }
    return Failures.explain(what, e);
  }

  private LayeredDisk.Opener opener(DiskSpec spec) {
    Path backing = Disks.inPlace(spec) ? null : layers.folder();
    return () -> open(layers.file(spec), spec, backing);
  }

  private static Disk open(Path file, DiskSpec spec, @Nullable Path backing) throws IOException {
    return spec.direct()
        ? HostDisks.openDirect(file, spec.readOnly())
        : HostDisks.open(file, spec.format(), spec.readOnly(), backing);
  }

  /**
   * For the machine.
   *
   * @param queues of each disk
   */
  List<DiskConfig> config(int queues) {
    List<DiskConfig> configs = new ArrayList<>();
    for (LayeredDisk disk : open) {
      configs.add(new DiskConfig(disk, "vivarium-" + Disks.guestName(configs.size()), queues));
    }
    return configs;
  }

  /** What is open. */
  List<DiskSpec> specs() {
    return specs;
  }

  /**
   * Seals the files that are open, and goes on with the layers on top of them. After a failure some
   * may have changed: {@link #specs} tells.
   */
  void exchange(List<DiskSpec> next) throws IOException {
    List<DiskSpec> reached = new ArrayList<>(specs);
    try {
      for (int i = 0; i < open.size(); i++) {
        if (!Disks.inPlace(next.get(i))) {
          open.get(i).exchange(opener(next.get(i)));
          reached.set(i, next.get(i));
        }
      }
    } finally {
      specs = List.copyOf(reached);
    }
  }

  /** Makes all that was written durable, for files that nobody writes to any more. */
  void seal() throws IOException {
    for (LayeredDisk disk : open) {
      disk.flush();
    }
  }

  /** Makes a disk larger, durably. */
  void grow(int place, long bytes) throws IOException {
    LayeredDisk disk = open.get(place);
    disk.resize(bytes);
    disk.flush();
    List<DiskSpec> grown = new ArrayList<>(specs);
    grown.set(place, grown.get(place).withSize(bytes));
    specs = List.copyOf(grown);
  }

  @Override
  public void close() {
    for (LayeredDisk disk : open) {
      try {
        disk.close();
      } catch (IOException e) {
        EngineLog.say("a disk did not close well: " + e.getMessage());
      }
    }
    open.clear();
  }
}

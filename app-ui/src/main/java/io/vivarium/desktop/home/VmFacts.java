package io.vivarium.desktop.home;

import io.vivarium.client.VmSpec;
import io.vivarium.client.VmSpec.PortSpec;
import io.vivarium.desktop.model.SnapshotSums;
import io.vivarium.desktop.ui.Format;
import io.vivarium.desktop.ui.Texts;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** A VM's facts in one line. */
public final class VmFacts {
  private VmFacts() {}

  /** The image, memory and CPUs: "debian-tiny · 512 MiB · 2 CPUs". */
  public static String line(VmSpec spec, Texts texts) {
    String line =
        texts.get("card.facts", source(spec, texts), Format.bytes(spec.memoryBytes()), spec.cpus());
    return spec.disposable() ? line + " · " + texts.get("card.disposable") : line;
  }

  /** What it is made of. */
  public static String source(VmSpec spec, Texts texts) {
    String image = spec.image();
    return image == null ? texts.get("card.ownKernel") : image;
  }

  /** The published ports: "8080→80 2222→22"; empty without. */
  public static String ports(VmSpec spec) {
    return spec.ports().stream().map(VmFacts::port).collect(Collectors.joining("  "));
  }

  private static String port(PortSpec port) {
    return port.hostPort() + "→" + port.guestPort();
  }

  /** "12 snapshots · 1.6 GiB"; empty without any. */
  static String snapshots(SnapshotSums.@Nullable Sum sum, Texts texts) {
    return sum == null || sum.count() == 0
        ? ""
        : texts.get(
            "card.snapshots",
            sum.count(),
            Format.bytes(sum.ownBytes()),
            Format.bytes(sum.sharedBytes()));
  }
}

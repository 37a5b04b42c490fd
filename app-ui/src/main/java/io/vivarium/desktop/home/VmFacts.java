package io.vivarium.desktop.home;

import io.vivarium.client.VmSpec;
import io.vivarium.desktop.ui.Format;
import io.vivarium.desktop.ui.Texts;

/** A VM's facts in one line. */
public final class VmFacts {
  private VmFacts() {}

  /** The image, memory and CPUs: "debian-tiny · 512 MiB · 2 CPUs". */
  public static String line(VmSpec spec, Texts texts) {
    String image = spec.image();
    String line =
        texts.get(
            "card.facts",
            image == null ? texts.get("card.ownKernel") : image,
            Format.bytes(spec.memoryBytes()),
            spec.cpus());
    return spec.disposable() ? line + " · " + texts.get("card.disposable") : line;
  }
}

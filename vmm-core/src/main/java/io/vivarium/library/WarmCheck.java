package io.vivarium.library;

import io.vivarium.client.Json;
import io.vivarium.client.JsonException;
import io.vivarium.client.VivariumException;
import io.vivarium.client.VmSpec;
import io.vivarium.library.LayersCheck.Bad;
import io.vivarium.library.LayersCheck.Chain;
import io.vivarium.memory.MemoryMap;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Checks a warm snapshot of an image. What is damaged is made again when it is needed. */
final class WarmCheck {
  private final Home home;
  private final MachineFolder folder;
  private final LayersCheck layers;
  private final Findings findings;

  WarmCheck(Home home, MachineFolder folder, Findings findings) {
    this.home = home;
    this.folder = folder;
    this.layers = new LayersCheck(folder);
    this.findings = findings;
  }

  void run() throws VivariumException {
    String why = wrong();
    if (why != null) {
      findings.damage(
          "warm snapshot " + folder.name(),
          why,
          "remove it; it is made again when it is needed",
          this::remove);
    }
  }

  private @org.jspecify.annotations.Nullable String wrong() throws VivariumException {
    try {
      byte[] text = Files.readAllBytes(folder.spec());
      VmSpec spec = SpecCodec.read(Json.parse(text), "warm");
      if (!CheckedJson.untouched(text)) {
        return "spec.json is not what was written: its checksum is wrong";
      }
      MemoryMap map = VmCheck.machine(folder.path());
      List<Bad> memory = layers.memory(List.of(map), findings);
      if (!memory.isEmpty()) {
        return memory.getFirst().why();
      }
      Chain chain = layers.chain(spec.disks());
      if (chain.bad() != null) {
        return "disk layer " + chain.bad().layer() + ": " + chain.bad().why();
      }
      for (String name : chain.names()) {
        Bad bad = layers.disk(name, true, findings);
        if (bad != null) {
          return "disk layer " + name + ": " + bad.why();
        }
      }
      return null;
    } catch (JsonException | IOException e) {
      return LayersCheck.phrase(e);
    }
  }

  private void remove() throws IOException {
    Path aside = DurableFiles.unfinished(home.warm());
    DurableFiles.rename(folder.path(), aside);
    DurableFiles.deleteTree(aside);
  }
}

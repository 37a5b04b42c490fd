package io.vivarium.library;

import io.vivarium.client.JsonException;
import io.vivarium.client.JsonObject;
import io.vivarium.client.SpecRules;
import io.vivarium.client.VmSpec;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A VM's spec as JSON and back. */
public final class SpecCodec {
  private SpecCodec() {}

  public static JsonObject write(VmSpec spec) {
    List<JsonObject> disks = new ArrayList<>();
    for (VmSpec.DiskSpec disk : spec.disks()) {
      disks.add(
          new JsonObject()
              .put("file", disk.file())
              .put("format", disk.format())
              .put("sizeBytes", disk.sizeBytes())
              .put("readOnly", disk.readOnly())
              .put("direct", disk.direct()));
    }
    return new JsonObject()
        .put("version", spec.version())
        .put("name", spec.name())
        .put("image", spec.image())
        .put("kernel", spec.kernel())
        .put("initrd", spec.initrd())
        .put("cmdline", spec.cmdline())
        .put("memoryBytes", spec.memoryBytes())
        .put("cpus", spec.cpus())
        .put("disks", disks)
        .put("ports", ports(spec.ports()))
        .put("network", spec.network())
        .put("disposable", spec.disposable())
        .put("mac", spec.mac());
  }

  /** Published ports alone. */
  public static List<JsonObject> ports(List<VmSpec.PortSpec> ports) {
    List<JsonObject> all = new ArrayList<>();
    for (VmSpec.PortSpec port : ports) {
      all.add(
          new JsonObject()
              .put("hostAddress", port.hostAddress())
              .put("hostPort", port.hostPort())
              .put("guestPort", port.guestPort())
              .put("protocol", port.protocol()));
    }
    return all;
  }

  /** Published ports, in the field {@code ports}. */
  public static List<VmSpec.PortSpec> readPorts(JsonObject json) throws JsonException {
    List<VmSpec.PortSpec> ports = new ArrayList<>();
    for (JsonObject port : json.objects("ports")) {
      ports.add(
          new VmSpec.PortSpec(
              port.string("hostAddress"),
              (int) port.number("hostPort", 1, 65535),
              (int) port.number("guestPort", 1, 65535),
              port.string("protocol")));
    }
    return List.copyOf(ports);
  }

  /** The name is the caller's: a VM is called as its folder. */
  public static VmSpec read(JsonObject json, String name) throws JsonException {
    int version = (int) json.number("version", 1, VmSpec.VERSION);
    List<VmSpec.DiskSpec> disks = new ArrayList<>();
    for (JsonObject disk : json.objects("disks")) {
      disks.add(
          new VmSpec.DiskSpec(
              disk.string("file"),
              disk.string("format"),
              disk.number("sizeBytes", 0, Long.MAX_VALUE),
              disk.bool("readOnly"),
              disk.bool("direct")));
    }
    return new VmSpec(
        version,
        name,
        json.optString("image"),
        json.optString("kernel"),
        json.optString("initrd"),
        json.optString("cmdline"),
        json.number("memoryBytes", 1, 1L << 50),
        (int) json.number("cpus", 1, 4096),
        List.copyOf(disks),
        readPorts(json),
        json.string("network"),
        json.bool("disposable"),
        mac(json));
  }

  private static @Nullable String mac(JsonObject json) throws JsonException {
    String mac = json.optString("mac");
    String wrong = mac == null ? null : SpecRules.mac(mac);
    if (wrong != null) {
      throw new JsonException("field 'mac': " + wrong);
    }
    return mac;
  }
}

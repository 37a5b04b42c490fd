package io.vivarium.cli;

import io.vivarium.client.HostCheck;
import io.vivarium.client.ImageInfo;
import io.vivarium.client.JsonObject;
import io.vivarium.client.SnapshotInfo;
import io.vivarium.client.VmInfo;
import io.vivarium.client.VmSpec;
import io.vivarium.client.VmStats;
import java.util.ArrayList;
import java.util.List;

/** The JSON that {@code --json} prints. Fields are added, never renamed. */
final class Shapes {
  private Shapes() {}

  static JsonObject vm(VmInfo vm) {
    return new JsonObject()
        .put("name", vm.name())
        .put("state", vm.state())
        .put("reason", vm.reason())
        .put("image", vm.spec().image())
        .put("kernel", vm.spec().kernel())
        .put("initrd", vm.spec().initrd())
        .put("cmdline", vm.spec().cmdline())
        .put("memoryBytes", vm.spec().memoryBytes())
        .put("cpus", vm.spec().cpus())
        .put("network", vm.spec().network())
        .put("disks", disks(vm.spec()))
        .put("ports", ports(vm.spec()))
        .put("disposable", vm.spec().disposable())
        .put("enginePid", vm.enginePid() == 0 ? null : vm.enginePid())
        .put("createdAt", vm.createdAt())
        .put("startedAt", vm.startedAt())
        .put("snapshot", vm.snapshot())
        .put("lastConsoleLines", vm.lastConsoleLines());
  }

  private static List<JsonObject> disks(VmSpec spec) {
    List<JsonObject> disks = new ArrayList<>();
    for (VmSpec.DiskSpec disk : spec.disks()) {
      disks.add(
          new JsonObject()
              .put("file", disk.file())
              .put("format", disk.format())
              .put("sizeBytes", disk.sizeBytes())
              .put("readOnly", disk.readOnly()));
    }
    return disks;
  }

  private static List<JsonObject> ports(VmSpec spec) {
    List<JsonObject> ports = new ArrayList<>();
    for (VmSpec.PortSpec port : spec.ports()) {
      ports.add(
          new JsonObject()
              .put("hostAddress", port.hostAddress())
              .put("hostPort", port.hostPort())
              .put("guestPort", port.guestPort())
              .put("protocol", port.protocol()));
    }
    return ports;
  }

  static JsonObject stats(String name, VmStats stats) {
    return new JsonObject()
        .put("name", name)
        .put("uptimeNanos", stats.uptimeNanos())
        .put("cpuNanos", stats.cpuNanos())
        .put("memoryBytes", stats.memoryBytes())
        .put("residentBytes", stats.residentBytes())
        .put("diskReadBytes", stats.diskReadBytes())
        .put("diskWriteBytes", stats.diskWriteBytes())
        .put("netReceiveBytes", stats.netReceiveBytes())
        .put("netSendBytes", stats.netSendBytes());
  }

  static JsonObject snapshot(SnapshotInfo snapshot) {
    return new JsonObject()
        .put("id", snapshot.id())
        .put("name", snapshot.name())
        .put("parent", snapshot.parent())
        .put("note", snapshot.note())
        .put("takenAt", snapshot.takenAt())
        .put("live", snapshot.live())
        .put("ownBytes", snapshot.ownBytes())
        .put("totalBytes", snapshot.totalBytes())
        .put("lastConsoleLines", snapshot.lastConsoleLines());
  }

  static JsonObject image(ImageInfo image) {
    return new JsonObject()
        .put("name", image.name())
        .put("description", image.description())
        .put("built", image.built())
        .put("digest", image.digest())
        .put("sizeBytes", image.sizeBytes())
        .put("warm", image.warm());
  }

  static JsonObject check(HostCheck check) {
    return new JsonObject()
        .put("id", check.id())
        .put("title", check.title())
        .put("status", check.status())
        .put("detail", check.detail())
        .put("cure", check.cure());
  }
}

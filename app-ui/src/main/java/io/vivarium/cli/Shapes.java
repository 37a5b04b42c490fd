package io.vivarium.cli;

import io.vivarium.client.Finding;
import io.vivarium.client.HostCheck;
import io.vivarium.client.ImageInfo;
import io.vivarium.client.JsonObject;
import io.vivarium.client.SnapshotInfo;
import io.vivarium.client.SnapshotSchedule;
import io.vivarium.client.VmInfo;
import io.vivarium.client.VmSpec;
import io.vivarium.client.VmStats;

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
        .put("mac", vm.spec().mac())
        .put("disks", vm.spec().disks().stream().map(DiskCommands::shape).toList())
        .put("ports", vm.spec().ports().stream().map(PortCommand::shape).toList())
        .put("disposable", vm.spec().disposable())
        .put("enginePid", vm.enginePid() == 0 ? null : vm.enginePid())
        .put("createdAt", vm.createdAt())
        .put("startedAt", vm.startedAt())
        .put("snapshot", vm.snapshot())
        .put("lastConsoleLines", vm.lastConsoleLines());
  }

  static JsonObject stats(String name, VmStats stats) {
    return new JsonObject()
        .put("name", name)
        .put("uptimeNanos", stats.uptimeNanos())
        .put("cpuNanos", stats.cpuNanos())
        .put("memoryBytes", stats.memoryBytes())
        .put("guestUsedBytes", stats.guestUsedBytes() < 0 ? null : stats.guestUsedBytes())
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
        .put("automatic", snapshot.automatic())
        .put("pinned", snapshot.pinned())
        .put("ownBytes", snapshot.ownBytes())
        .put("sharedBytes", snapshot.sharedBytes())
        .put("totalBytes", snapshot.totalBytes())
        .put("lastConsoleLines", snapshot.lastConsoleLines())
        .put("damage", snapshot.damage());
  }

  /** With what the VM was. */
  static JsonObject snapshot(SnapshotInfo snapshot, VmSpec spec) {
    return snapshot(snapshot)
        .put("memoryBytes", spec.memoryBytes())
        .put("cpus", spec.cpus())
        .put("network", spec.network())
        .put("disks", spec.disks().stream().map(DiskCommands::shape).toList());
  }

  static JsonObject schedule(SnapshotSchedule schedule) {
    return new JsonObject()
        .put("everyMinutes", schedule.everyMinutes())
        .put("allForMinutes", schedule.allForMinutes())
        .put("hourlyForHours", schedule.hourlyForHours())
        .put("dailyForDays", schedule.dailyForDays())
        .put("quotaBytes", schedule.quotaBytes());
  }

  static JsonObject finding(Finding finding) {
    return new JsonObject()
        .put("where", finding.where())
        .put("what", finding.what())
        .put("repair", finding.repair())
        .put("repaired", finding.repaired())
        .put("loss", finding.loss());
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

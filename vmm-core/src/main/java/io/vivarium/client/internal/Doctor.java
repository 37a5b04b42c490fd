package io.vivarium.client.internal;

import io.vivarium.client.HostCheck;
import io.vivarium.client.HostCheck.Status;
import io.vivarium.client.HostRoom;
import io.vivarium.client.Sizes;
import io.vivarium.client.VivariumException;
import io.vivarium.library.Home;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The host check: what is there, what is missing, and the cure of each. */
public final class Doctor {
  private static final long LITTLE_MEMORY = 512 * Sizes.MIB;
  private static final Path KVM = Path.of("/dev/kvm");

  private Doctor() {}

  public static List<HostCheck> check(Home home) {
    List<HostCheck> checks = new ArrayList<>();
    checks.add(processor());
    checks.add(kvm());
    if (Files.exists(KVM)) {
      HostCheck access = kvmAccess();
      checks.add(access);
      if (access.status() == Status.OK) {
        checks.addAll(KvmCheck.check());
      }
    }
    checks.add(memory());
    checks.add(disk(home));
    checks.add(jdk());
    checks.add(library("gtk", "GTK 3", "libgtk-3.so.0", "the desktop's window", "libgtk-3-0"));
    checks.add(fonts());
    checks.add(program("passt", "passt", "networks of guests", "passt"));
    checks.add(program("qemu", "QEMU", "the lab ('viv lab')", "qemu-system-x86"));
    return List.copyOf(checks);
  }

  private static HostCheck processor() {
    String architecture = System.getProperty("os.arch", "");
    return architecture.equals("amd64")
        ? new HostCheck("cpu", "Processor", Status.OK, "x86-64", "")
        : new HostCheck(
            "cpu",
            "Processor",
            Status.ERROR,
            architecture + " is not x86-64",
            "Vivarium runs on x86-64 only.");
  }

  /** Fails where no VM can run, with the cure: before minutes are spent on an image. */
  public static void needKvm() throws VivariumException {
    HostCheck check = kvm();
    if (check.status() == Status.OK) {
      check = kvmAccess();
    }
    if (check.status() != Status.OK) {
      throw new VivariumException(
          VivariumException.Kind.HOST, "no VM can run here: " + check.detail(), check.cure());
    }
  }

  private static HostCheck kvm() {
    if (Files.exists(KVM)) {
      return new HostCheck("kvm", "KVM", Status.OK, "/dev/kvm is there", "");
    }
    String flags = read(Path.of("/proc/cpuinfo"));
    boolean capable = flags.contains(" vmx") || flags.contains(" svm");
    return new HostCheck(
        "kvm",
        "KVM",
        Status.ERROR,
        "there is no /dev/kvm",
        capable
            ? "Load the module: sudo modprobe kvm_intel (or kvm_amd)."
            : "Switch virtualization (VT-x, SVM) on in the firmware's setup; in a cloud VM ask for"
                + " nested virtualization; or try everything in the lab: ./viv lab.");
  }

  private static HostCheck kvmAccess() {
    if (Files.isReadable(KVM) && Files.isWritable(KVM)) {
      return new HostCheck("kvm.access", "Access to KVM", Status.OK, "may read and write it", "");
    }
    return new HostCheck(
        "kvm.access",
        "Access to KVM",
        Status.ERROR,
        "no permission for /dev/kvm (EACCES)",
        "Join its group, then log in again: sudo usermod -aG kvm "
            + System.getProperty("user.name", "$USER"));
  }

  private static HostCheck memory() {
    long available = HostMemory.available();
    String detail = Sizes.human(available) + " available of " + Sizes.human(HostMemory.total());
    return available >= LITTLE_MEMORY
        ? new HostCheck("memory", "Memory", Status.OK, detail, "")
        : new HostCheck(
            "memory", "Memory", Status.WARNING, detail, "End programs, or give VMs less memory.");
  }

  private static HostCheck disk(Home home) {
    try {
      HostRoom room = room(home);
      String detail = Sizes.human(room.freeBytes()) + " free for " + room.place();
      return room.little()
          ? new HostCheck(
              "disk",
              "Disk",
              Status.WARNING,
              detail,
              "Free some space, or set VIVARIUM_HOME to a folder on another disk.")
          : new HostCheck("disk", "Disk", Status.OK, detail, "");
    } catch (VivariumException e) {
      return new HostCheck("disk", "Disk", Status.WARNING, String.valueOf(e.getMessage()), "");
    }
  }

  /** How much room is left where the library is, or will be. */
  public static HostRoom room(Home home) throws VivariumException {
    Path at = home.root();
    while (!Files.exists(at) && at.getParent() != null) {
      at = at.getParent();
    }
    try {
      return new HostRoom(home.root().toString(), Files.getFileStore(at).getUsableSpace());
    } catch (IOException e) {
      throw new VivariumException(
          VivariumException.Kind.HOST,
          "the free space for " + home.root() + " cannot be told: " + e.getMessage(),
          "",
          e);
    }
  }

  private static HostCheck jdk() {
    return new HostCheck(
        "jdk",
        "Java",
        Status.OK,
        Runtime.version() + " in " + System.getProperty("java.home", "?"),
        "");
  }

  private static HostCheck library(
      String id, String title, String file, String forWhat, String debianPackage) {
    for (String folder :
        List.of("/usr/lib/x86_64-linux-gnu", "/usr/lib64", "/usr/lib", "/lib/x86_64-linux-gnu")) {
      if (Files.exists(Path.of(folder, file))) {
        return new HostCheck(id, title, Status.OK, folder + "/" + file, "");
      }
    }
    return new HostCheck(
        id,
        title,
        Status.WARNING,
        file + " is missing: needed for " + forWhat,
        install(debianPackage));
  }

  private static HostCheck fonts() {
    for (String folder : List.of("/usr/share/fonts", "/usr/local/share/fonts")) {
      if (Files.isDirectory(Path.of(folder))) {
        return new HostCheck("fonts", "Fonts", Status.OK, folder, "");
      }
    }
    return new HostCheck(
        "fonts",
        "Fonts",
        Status.WARNING,
        "no fonts are installed: the desktop's window needs some",
        install("fonts-dejavu-core"));
  }

  private static HostCheck program(String id, String title, String forWhat, String debianPackage) {
    String name = id.equals("qemu") ? "qemu-system-x86_64" : id;
    for (String folder : System.getenv().getOrDefault("PATH", "/usr/bin").split(":")) {
      if (Files.isExecutable(Path.of(folder, name))) {
        return new HostCheck(id, title, Status.OK, Path.of(folder, name).toString(), "");
      }
    }
    return new HostCheck(
        id,
        title,
        Status.NOTE,
        name + " is not installed: only " + forWhat + " need it",
        install(debianPackage));
  }

  private static String install(String debianPackage) {
    return "Install it: sudo apt install " + debianPackage;
  }

  private static String read(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      return "";
    }
  }
}

package io.vivarium.desktop.wizard;

import static io.vivarium.desktop.ui.Shell.quoted;

import io.vivarium.client.Disks;
import io.vivarium.client.ImageInfo;
import io.vivarium.client.Ports;
import io.vivarium.client.Sizes;
import io.vivarium.client.SpecRules;
import io.vivarium.client.VivariumException;
import io.vivarium.client.VivariumHost;
import io.vivarium.client.VmSpec;
import io.vivarium.client.VmSpec.DiskSpec;
import io.vivarium.client.VmSpec.PortSpec;
import io.vivarium.desktop.model.HostLimits;
import io.vivarium.desktop.ui.Format;
import io.vivarium.desktop.ui.Texts;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.function.Predicate;
import javafx.beans.property.BooleanProperty;
import javafx.beans.property.IntegerProperty;
import javafx.beans.property.ObjectProperty;
import javafx.beans.property.SimpleBooleanProperty;
import javafx.beans.property.SimpleIntegerProperty;
import javafx.beans.property.SimpleObjectProperty;
import javafx.beans.property.SimpleStringProperty;
import javafx.beans.property.StringProperty;
import org.jspecify.annotations.Nullable;

/**
 * What the user has filled in, what is wrong with it, and what it comes to: a spec and a {@code
 * viv} line. Knows no view. The sentences here come early; the library checks everything again.
 */
final class WizardForm {
  /** What may be wrong. */
  enum Field {
    IMAGE,
    KERNEL,
    INITRD,
    NAME,
    MEMORY,
    CPUS,
    DISK,
    PORTS
  }

  private static final long DEFAULT_MEMORY = 256L << 20;
  private static final int SPEC_VERSION = 1;

  final BooleanProperty ownKernel = new SimpleBooleanProperty(false);
  final ObjectProperty<@Nullable ImageInfo> image = new SimpleObjectProperty<>();
  final StringProperty kernel = new SimpleStringProperty("");
  final StringProperty initrd = new SimpleStringProperty("");
  final StringProperty cmdline = new SimpleStringProperty("");
  final StringProperty name = new SimpleStringProperty("");
  final StringProperty memory = new SimpleStringProperty("");
  final IntegerProperty cpus = new SimpleIntegerProperty(1);

  /** A disk more, as {@code viv run --disk} takes it; empty for none. */
  final StringProperty disk = new SimpleStringProperty("");

  /** Whether that disk is a file that is copied, instead of used in place. */
  final BooleanProperty copy = new SimpleBooleanProperty(false);

  /** Whether it reaches the internet. */
  final BooleanProperty network =
      new SimpleBooleanProperty(VivariumHost.defaultNetwork().equals("user"));

  /** Published ports, as {@code viv run --publish} takes them, with blanks between. */
  final StringProperty ports = new SimpleStringProperty("");

  final BooleanProperty disposable = new SimpleBooleanProperty(false);

  private final HostLimits limits;
  private final Predicate<String> taken;
  private final Texts texts;
  private boolean nameTyped;

  WizardForm(HostLimits limits, Predicate<String> taken, Texts texts) {
    this.limits = limits;
    this.taken = taken;
    this.texts = texts;
    memory.set(Sizes.typed(Math.min(DEFAULT_MEMORY, limits.maxMemoryBytes())));
    ownKernel.subscribe(this::suggestName);
    image.subscribe(this::suggestName);
    kernel.subscribe(this::suggestName);
    disk.subscribe(this::suggestName);
    copy.subscribe(this::suggestName);
  }

  /** The disk that is copied, or null. */
  @Nullable DiskSpec imported() {
    try {
      return copy.get() ? typedDisks().stream().findFirst().orElse(null) : null;
    } catch (VivariumException e) {
      return null; // what is wrong stands beside the field
    }
  }

  /** The user has typed a name: it is no longer suggested. */
  void nameTyped() {
    nameTyped = true;
  }

  private void suggestName() {
    if (nameTyped) {
      return;
    }
    ImageInfo chosen = image.get();
    String base = "vm";
    if (copy.get() && !disk.get().isBlank()) {
      String file = disk.get().strip();
      base = file.substring(file.lastIndexOf('/') + 1).replaceFirst("[.,].*", "");
    } else if (ownKernel.get()) {
      int slash = kernel.get().lastIndexOf('/');
      base = kernel.get().isBlank() ? "vm" : kernel.get().substring(slash + 1);
    } else if (chosen != null) {
      base = chosen.name();
    }
    name.set(NameRule.suggest(base, taken));
  }

  /** The sentences that stand beside the fields; empty when the VM can be made. */
  Map<Field, String> problems() {
    Map<Field, String> problems = new EnumMap<>(Field.class);
    if (ownKernel.get()) {
      put(problems, Field.KERNEL, kernelProblem());
      if (!initrd.get().isBlank()) {
        put(problems, Field.INITRD, fileProblem(initrd.get()));
      }
    } else if (image.get() == null) {
      problems.put(Field.IMAGE, texts.get("wizard.image.none"));
    }
    put(problems, Field.NAME, NameRule.problem(name.get(), taken, texts));
    put(problems, Field.MEMORY, memoryProblem());
    if (cpus.get() < 1 || cpus.get() > limits.maxCpus()) {
      problems.put(Field.CPUS, texts.get("wizard.cpus.range", limits.maxCpus()));
    }
    put(problems, Field.DISK, problemOf(this::typedDisks));
    if (copy.get() && imported() == null && !problems.containsKey(Field.DISK)) {
      problems.put(Field.DISK, texts.get("wizard.import.none"));
    }
    put(problems, Field.PORTS, problemOf(this::checkedPorts));
    return problems;
  }

  /** What is read of a field, or throws a sentence. */
  private interface Reading<T> {
    T read() throws VivariumException;
  }

  private static String problemOf(Reading<?> reading) {
    try {
      reading.read();
      return "";
    } catch (VivariumException e) {
      String cure = e.cure().isEmpty() ? "" : " " + e.cure();
      String what = String.valueOf(e.getMessage());
      return Character.toUpperCase(what.charAt(0)) + what.substring(1) + "." + cure;
    }
  }

  /** Those of the spec: what is imported comes by itself. */
  private List<DiskSpec> disks() throws VivariumException {
    return copy.get() ? List.of() : typedDisks();
  }

  private List<DiskSpec> typedDisks() throws VivariumException {
    if (disk.get().isBlank()) {
      return List.of();
    }
    DiskSpec one = Disks.parse(disk.get().strip());
    refuse(SpecRules.disk(one));
    if (Disks.inPlace(one)) {
      refuse(orNull(fileProblem(one.file())));
    } else if (copy.get()) {
      refuse(texts.get("wizard.import.none"));
    }
    return List.of(one);
  }

  private List<PortSpec> checkedPorts() throws VivariumException {
    List<PortSpec> parsed = new ArrayList<>();
    if (network.get()) {
      for (String word : portWords()) {
        parsed.add(Ports.parse(word));
      }
    }
    refuse(SpecRules.ports(parsed, networkMode()));
    return parsed;
  }

  private List<String> portWords() {
    return ports.get().isBlank() ? List.of() : List.of(ports.get().strip().split("[\\s,]+"));
  }

  private String networkMode() {
    return network.get() ? "user" : "none";
  }

  private static void refuse(@Nullable String wrong) throws VivariumException {
    if (wrong != null) {
      throw new VivariumException(VivariumException.Kind.USAGE, wrong, "");
    }
  }

  /** What a field comes to that has no problem. */
  private static <T> List<T> sound(Reading<List<T>> reading) {
    try {
      return reading.read();
    } catch (VivariumException e) {
      throw new IllegalStateException("the form has problems", e);
    }
  }

  private static void put(Map<Field, String> problems, Field field, String problem) {
    if (!problem.isEmpty()) {
      problems.put(field, problem);
    }
  }

  private String kernelProblem() {
    return kernel.get().isBlank() ? texts.get("wizard.kernel.empty") : fileProblem(kernel.get());
  }

  private String fileProblem(String text) {
    try {
      Path file = Path.of(text.strip());
      if (!file.isAbsolute()) {
        return texts.get("wizard.file.relative");
      }
      if (!Files.exists(file)) {
        return texts.get("wizard.file.missing", text.strip());
      }
      if (!Files.isRegularFile(file)) {
        return texts.get("wizard.file.kind", text.strip());
      }
      return Files.isReadable(file) ? "" : texts.get("wizard.file.denied", text.strip());
    } catch (InvalidPathException e) {
      return texts.get("wizard.file.missing", text.strip());
    }
  }

  private String memoryProblem() {
    OptionalLong bytes = typedMemory();
    if (bytes.isEmpty()) {
      return texts.get("wizard.memory.unit");
    }
    if (bytes.getAsLong() < HostLimits.MIN_MEMORY_BYTES) {
      return texts.get("wizard.memory.small", Format.bytes(HostLimits.MIN_MEMORY_BYTES));
    }
    if (bytes.getAsLong() > limits.maxMemoryBytes()) {
      return texts.get(
          "wizard.memory.large",
          Format.bytes(limits.memoryBytes()),
          Format.bytes(limits.maxMemoryBytes()));
    }
    return "";
  }

  /** Whole MiB of what is typed. */
  private OptionalLong typedMemory() {
    try {
      return OptionalLong.of(Sizes.parse(memory.get()) >> 20 << 20);
    } catch (VivariumException e) {
      return OptionalLong.empty();
    }
  }

  /** Memory in bytes; 0 while what is typed is no size. */
  long memoryBytes() {
    return typedMemory().orElse(0);
  }

  /** The spec of the VM; call it only without problems. */
  VmSpec spec() {
    ImageInfo chosen = image.get();
    boolean own = ownKernel.get();
    return new VmSpec(
        SPEC_VERSION,
        name.get(),
        own || chosen == null ? null : chosen.name(),
        own ? kernel.get().strip() : null,
        own ? orNull(initrd.get()) : null,
        own ? orNull(cmdline.get()) : null,
        memoryBytes(),
        cpus.get(),
        sound(this::disks),
        sound(this::checkedPorts),
        networkMode(),
        disposable.get());
  }

  private static @Nullable String orNull(String text) {
    return text.isBlank() ? null : text.strip();
  }

  /** The {@code viv} line that creates and starts the same VM. */
  String command() {
    StringBuilder line = new StringBuilder();
    ImageInfo chosen = image.get();
    String size =
        " --name "
            + name.get()
            + " --memory "
            + memory.get().strip().replace(" ", "")
            + " --cpus "
            + cpus.get()
            + devices();
    if (!ownKernel.get() && copy.get()) {
      line.append("viv import").append(size);
      line.append(" --image ").append(chosen == null ? "IMAGE" : chosen.name());
      return line.append(importedWords()).toString();
    }
    if (!ownKernel.get()) {
      line.append("viv run -d").append(disposable.get() ? " --rm" : "").append(size);
      line.append(' ').append(chosen == null ? "IMAGE" : chosen.name());
      return line.toString();
    }
    line.append(copy.get() ? "viv import" : "viv create").append(size);
    line.append(" --kernel ").append(quoted(kernel.get().strip()));
    if (!initrd.get().isBlank()) {
      line.append(" --initrd ").append(quoted(initrd.get().strip()));
    }
    if (!cmdline.get().isBlank()) {
      line.append(" --cmdline ").append(quoted(cmdline.get().strip()));
    }
    return line.append(copy.get() ? importedWords() : " && viv start " + name.get()).toString();
  }

  private String importedWords() {
    String file = disk.get().isBlank() ? "FILE" : quoted(disk.get().strip());
    return " " + file + " && viv start " + name.get();
  }

  private String devices() {
    StringBuilder words = new StringBuilder();
    if (!disk.get().isBlank() && !copy.get()) {
      words.append(" --disk ").append(quoted(disk.get().strip()));
    }
    if (!networkMode().equals(VivariumHost.defaultNetwork())) {
      words.append(" --network ").append(networkMode());
    }
    if (network.get()) {
      portWords().forEach(port -> words.append(" -p ").append(quoted(port)));
    }
    return words.toString();
  }
}

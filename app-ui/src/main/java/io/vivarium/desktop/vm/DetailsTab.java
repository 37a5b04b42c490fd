package io.vivarium.desktop.vm;

import io.vivarium.client.Disks;
import io.vivarium.client.Ports;
import io.vivarium.client.VmInfo;
import io.vivarium.client.VmSpec;
import io.vivarium.client.VmStats;
import io.vivarium.desktop.model.VmItem;
import io.vivarium.desktop.model.VmModel;
import io.vivarium.desktop.ui.Desk;
import io.vivarium.desktop.ui.Format;
import io.vivarium.desktop.ui.Nodes;
import io.vivarium.desktop.ui.Texts;
import java.time.Duration;
import java.util.function.ToLongFunction;
import java.util.stream.Collectors;
import javafx.scene.control.Label;
import javafx.scene.control.ScrollPane;
import javafx.scene.control.TextArea;
import javafx.scene.control.TitledPane;
import javafx.scene.layout.GridPane;
import javafx.scene.layout.VBox;
import org.jspecify.annotations.Nullable;

/** What a VM is made of, what it uses now, and what its engine tells of itself. */
final class DetailsTab extends ScrollPane {
  private final VmItem item;
  private final Desk desk;
  private final Texts texts;
  private final GridPane facts = Nodes.facts();
  private final GridPane use = Nodes.facts();
  private final Label cpu = Nodes.label("—");
  private final Label resident = Nodes.label("—");
  private final Label disk = Nodes.label("—");
  private final Label network = Nodes.label("—");
  private final Label up = Nodes.label("—");
  private final TextArea engine = new TextArea();
  private @Nullable VmStats before;

  DetailsTab(VmItem item, Desk desk) {
    this.item = item;
    this.desk = desk;
    this.texts = desk.texts();
    use.addRow(0, Nodes.label(texts.get("details.cpu"), "muted"), cpu);
    use.addRow(1, Nodes.label(texts.get("details.resident"), "muted"), resident);
    use.addRow(2, Nodes.label(texts.get("details.disk.use"), "muted"), disk);
    use.addRow(3, Nodes.label(texts.get("details.net.use"), "muted"), network);
    use.addRow(4, Nodes.label(texts.get("details.up"), "muted"), up);
    engine.setEditable(false);
    engine.getStyleClass().add("code");
    engine.setPrefRowCount(16);
    TitledPane engineBox = new TitledPane(texts.get("details.engine"), engine);
    engineBox.setExpanded(false);
    engineBox
        .expandedProperty()
        .subscribe(
            open -> {
              if (open) {
                readEngine();
              }
            });
    VBox content =
        Nodes.column(
            "tab-page",
            Nodes.column("panel", Nodes.label(texts.get("details.title"), "section-title"), facts),
            Nodes.column("panel", Nodes.label(texts.get("details.now"), "section-title"), use),
            engineBox);
    setContent(content);
    setFitToWidth(true);
    getStyleClass().add("edge-to-edge");
  }

  void follow(VmInfo info) {
    VmSpec spec = info.spec();
    facts.getChildren().clear();
    fact("details.image", spec.image());
    fact("details.kernel", spec.kernel());
    fact("details.initrd", spec.initrd());
    fact("details.cmdline", spec.cmdline());
    fact("details.memory", Format.bytes(spec.memoryBytes()));
    fact("details.cpus", Integer.toString(spec.cpus()));
    fact("details.network", texts.get("network." + spec.network().replaceAll(":.*", "")));
    if (!spec.ports().isEmpty()) {
      fact(
          "details.ports",
          spec.ports().stream().map(Ports::text).collect(Collectors.joining("  ")));
    }
    for (int i = 0; i < spec.disks().size(); i++) {
      VmSpec.DiskSpec disk = spec.disks().get(i);
      String where = disk.file() + " (" + Format.bytes(disk.sizeBytes()) + ")";
      fact(Nodes.label(texts.get("details.disk", Disks.guestName(i)), "muted"), where);
    }
    fact(
        "details.life",
        texts.get(spec.disposable() ? "details.life.disposable" : "details.life.kept"));
    fact("details.pid", info.enginePid() == 0 ? null : Long.toString(info.enginePid()));
    fact("details.reason", info.reason());
  }

  private void fact(String key, @Nullable String value) {
    if (value != null) {
      fact(Nodes.label(texts.get(key), "muted"), value);
    }
  }

  private void fact(Label name, String value) {
    facts.addRow(facts.getRowCount(), name, Nodes.paragraph(value, "fact"));
  }

  /** Reads the counters; the shell's beat calls it while the tab is seen. */
  void sample() {
    if (!VmModel.isAlive(item.state())) {
      before = null;
      cpu.setText("—");
      resident.setText("—");
      disk.setText("—");
      network.setText("—");
      up.setText("—");
      return;
    }
    String name = item.name();
    desk.jobs().read(() -> desk.vivarium().stats(name), this::show, why -> before = null);
  }

  private void show(VmStats now) {
    VmStats last = before;
    before = now;
    if (last != null && now.uptimeNanos() > last.uptimeNanos()) {
      double share =
          100.0 * (now.cpuNanos() - last.cpuNanos()) / (now.uptimeNanos() - last.uptimeNanos());
      cpu.setText(texts.get("details.percent", Math.max(0, Math.round(share))));
      disk.setText(
          texts.get(
              "details.disk.rates",
              rate(last, now, VmStats::diskReadBytes),
              rate(last, now, VmStats::diskWriteBytes)));
      network.setText(
          texts.get(
              "details.net.rates",
              rate(last, now, VmStats::netReceiveBytes),
              rate(last, now, VmStats::netSendBytes)));
    }
    resident.setText(
        texts.get(
            "details.residentOf",
            Format.bytes(now.residentBytes()),
            Format.bytes(now.memoryBytes())));
    up.setText(Format.span(Duration.ofNanos(now.uptimeNanos())));
  }

  /** Of a counter, a second. */
  private static String rate(VmStats last, VmStats now, ToLongFunction<VmStats> counter) {
    double seconds = (now.uptimeNanos() - last.uptimeNanos()) / 1e9;
    double change = (double) counter.applyAsLong(now) - counter.applyAsLong(last);
    return Format.bytes(Math.max(0, Math.round(change / seconds)));
  }

  private void readEngine() {
    String name = item.name();
    desk.jobs()
        .read(
            () -> desk.vivarium().inspectEngine(name),
            engine::setText,
            why -> engine.setText(why.getMessage() + "\n" + why.cure()));
  }
}

package io.vivarium.desktop.vm;

import io.vivarium.client.VmInfo;
import io.vivarium.client.VmSpec;
import io.vivarium.desktop.model.VmItem;
import io.vivarium.desktop.model.VmModel;
import io.vivarium.desktop.ui.Desk;
import io.vivarium.desktop.ui.Format;
import io.vivarium.desktop.ui.Icons;
import io.vivarium.desktop.ui.Nodes;
import io.vivarium.desktop.ui.Texts;
import javafx.scene.control.Button;
import javafx.scene.control.Label;
import javafx.scene.control.ScrollPane;
import javafx.scene.control.TextArea;
import javafx.scene.control.TitledPane;
import javafx.scene.layout.GridPane;
import org.jspecify.annotations.Nullable;

/** What a VM is made of, how long it lives, and what its engine tells of itself. */
final class SettingsTab extends ScrollPane implements VmTab {
  private final VmItem item;
  private final Desk desk;
  private final Texts texts;
  private final GridPane facts = Nodes.facts();
  private final Label life = Nodes.paragraph("");
  private final Button keep;
  private final Button rename;
  private final Button resize;
  private final TextArea engine = new TextArea();

  SettingsTab(VmItem item, Desk desk, VmVerbs verbs) {
    this.item = item;
    this.desk = desk;
    this.texts = desk.texts();
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
    keep =
        Nodes.id(
            Nodes.button(texts.get("verb.keep"), Icons.KEEP, () -> verbs.keep(item.name())),
            "vm-keep");
    rename =
        Nodes.id(
            Nodes.button(
                texts.get("verb.rename"), Icons.RENAME, () -> verbs.rename(item.name(), () -> {})),
            "vm-rename");
    resize =
        Nodes.id(
            Nodes.button(texts.get("size.change"), Icons.SETTINGS, () -> verbs.resize(item)),
            "vm-resize");
    Button delete =
        Nodes.button(texts.get("verb.delete"), Icons.DELETE, () -> verbs.delete(item), "danger");
    setContent(
        Nodes.column(
            "tab-page",
            Nodes.column(
                "panel",
                Nodes.label(texts.get("details.title"), "section-title"),
                facts,
                Nodes.row("", resize)),
            Nodes.column(
                "panel",
                Nodes.label(texts.get("details.life"), "section-title"),
                life,
                Nodes.row("", keep, rename, delete)),
            engineBox));
    setFitToWidth(true);
    getStyleClass().add("edge-to-edge");
  }

  @Override
  public void follow(VmInfo info) {
    VmSpec spec = info.spec();
    facts.getChildren().clear();
    fact("details.image", spec.image());
    fact("details.kernel", spec.kernel());
    fact("details.initrd", spec.initrd());
    fact("details.cmdline", spec.cmdline());
    fact("details.memory", Format.bytes(spec.memoryBytes()));
    fact("details.cpus", Integer.toString(spec.cpus()));
    fact("details.network", texts.get("network." + spec.network().replaceAll(":.*", "")));
    fact("details.pid", info.enginePid() == 0 ? null : Long.toString(info.enginePid()));
    fact("details.reason", info.reason());
    life.setText(texts.get(spec.disposable() ? "details.life.disposable" : "details.life.kept"));
    Nodes.visible(keep, spec.disposable());
    rename.setDisable(VmModel.isAlive(info.state()));
    resize.setDisable(VmModel.isAlive(info.state()));
  }

  private void fact(String key, @Nullable String value) {
    if (value != null) {
      facts.addRow(
          facts.getRowCount(),
          Nodes.label(texts.get(key), "muted"),
          Nodes.paragraph(value, "fact"));
    }
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

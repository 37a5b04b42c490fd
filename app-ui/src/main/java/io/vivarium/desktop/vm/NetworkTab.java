package io.vivarium.desktop.vm;

import io.vivarium.client.Ports;
import io.vivarium.client.SpecRules;
import io.vivarium.client.VivariumException;
import io.vivarium.client.VmInfo;
import io.vivarium.client.VmSpec;
import io.vivarium.client.VmSpec.PortSpec;
import io.vivarium.desktop.model.VmItem;
import io.vivarium.desktop.model.VmModel;
import io.vivarium.desktop.ui.Desk;
import io.vivarium.desktop.ui.Icons;
import io.vivarium.desktop.ui.Nodes;
import io.vivarium.desktop.ui.Sentences;
import io.vivarium.desktop.ui.Shell;
import io.vivarium.desktop.ui.Texts;
import java.io.File;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import javafx.scene.Node;
import javafx.scene.control.Button;
import javafx.scene.control.Label;
import javafx.scene.control.ScrollPane;
import javafx.scene.control.TextField;
import javafx.scene.layout.HBox;
import javafx.scene.layout.Priority;
import javafx.scene.layout.VBox;
import javafx.stage.FileChooser;
import org.jspecify.annotations.Nullable;

/** Where a VM's network leads, and the ports of the host that lead into it: changed at any time. */
final class NetworkTab extends ScrollPane implements VmTab {
  private final VmItem item;
  private final Desk desk;
  private final Texts texts;
  private final Label mode = Nodes.paragraph("");
  private final VBox rows = Nodes.column("device-rows");
  private final TextField typed = Nodes.id(new TextField(), "port-typed");
  private final Button add;
  private final Label problem = Nodes.id(Nodes.paragraph("", "field-problem"), "port-problem");
  private final Button capture;
  private @Nullable VmSpec shown;
  private @Nullable Path capturing;

  NetworkTab(VmItem item, Desk desk) {
    this.item = item;
    this.desk = desk;
    this.texts = desk.texts();
    typed.setPromptText("8080:80");
    typed.setPrefColumnCount(14);
    add = Nodes.id(Nodes.button(texts.get("ports.add"), Icons.NEW, this::add), "port-add");
    Label caption = Nodes.paragraph(texts.get("ports.label"), "field-label");
    caption.setLabelFor(typed);
    typed.textProperty().subscribe(this::check);
    typed.setOnAction(e -> add());
    capture =
        Nodes.id(
            Nodes.button(texts.get("capture.start"), Icons.CAPTURE, this::capture), "net-capture");
    setContent(
        Nodes.column(
            "tab-page",
            Nodes.column("panel", Nodes.label(texts.get("details.network"), "section-title"), mode),
            Nodes.column(
                "panel",
                Nodes.label(texts.get("details.ports"), "section-title"),
                rows,
                Nodes.column("field", caption, Nodes.row("", typed, add), problem)),
            Nodes.column(
                "panel",
                Nodes.label(texts.get("capture.title"), "section-title"),
                Nodes.paragraph(texts.get("capture.text"), "muted"),
                capture)));
    setFitToWidth(true);
    getStyleClass().add("edge-to-edge");
  }

  @Override
  public void follow(VmInfo info) {
    boolean user = info.spec().network().equals("user");
    boolean alive = VmModel.isAlive(info.state());
    if (!alive) {
      ended();
    }
    capture.setDisable(!alive || info.spec().network().equals("none"));
    VmSpec before = shown;
    if (before != null
        && before.ports().equals(info.spec().ports())
        && before.network().equals(info.spec().network())) {
      return;
    }
    shown = info.spec();
    mode.setText(texts.get("network.text." + info.spec().network().replaceAll(":.*", "")));
    typed.setDisable(!user);
    rows.getChildren().setAll(info.spec().ports().stream().map(this::row).toList());
    if (info.spec().ports().isEmpty()) {
      rows.getChildren()
          .add(Nodes.paragraph(texts.get(user ? "ports.none" : "ports.cannot"), "muted"));
    }
    check();
  }

  private Node row(PortSpec port) {
    Label words =
        Nodes.paragraph(
            texts.get(
                "ports.line",
                port.hostAddress() + ":" + port.hostPort(),
                Integer.toString(port.guestPort()),
                port.protocol().toUpperCase(java.util.Locale.ROOT)));
    HBox.setHgrow(words, Priority.ALWAYS);
    words.setMaxWidth(Double.MAX_VALUE);
    return Nodes.row(
        "port-row",
        Icons.of(Icons.PORT, "muted-icon"),
        words,
        Nodes.iconButton(
            texts.get("ports.copy"),
            Icons.COPY,
            () -> Desk.copy(port.hostAddress() + ":" + port.hostPort())),
        Nodes.id(
            Nodes.iconButton(texts.get("ports.remove"), Icons.DELETE, () -> remove(port)),
            "port-remove-" + port.hostPort()));
  }

  private void check() {
    String wrong = typed.getText().isBlank() ? "" : wrong(typed.getText());
    problem.setText(wrong);
    Nodes.visible(problem, !wrong.isEmpty());
    add.setDisable(typed.getText().isBlank() || !wrong.isEmpty() || typed.isDisabled());
  }

  private String wrong(String text) {
    try {
      String why = SpecRules.ports(with(Ports.parse(text)), item.info().spec().network());
      return why == null ? "" : Sentences.of(why);
    } catch (VivariumException e) {
      return Sentences.of(e);
    }
  }

  private List<PortSpec> with(PortSpec one) {
    List<PortSpec> all = new ArrayList<>(item.info().spec().ports());
    all.add(one);
    return all;
  }

  private void add() {
    if (add.isDisabled()) {
      return;
    }
    try {
      PortSpec one = Ports.parse(typed.getText());
      publish(with(one), "-p " + Shell.quoted(Ports.text(one)));
      typed.clear();
    } catch (VivariumException e) {
      problem.setText(Sentences.of(e));
    }
  }

  private void remove(PortSpec port) {
    List<PortSpec> left =
        item.info().spec().ports().stream().filter(one -> !one.equals(port)).toList();
    publish(left, "--remove " + port.hostPort());
  }

  private void publish(List<PortSpec> wanted, String option) {
    String vm = item.name();
    List<PortSpec> before = item.info().spec().ports();
    io.vivarium.desktop.jobs.Job[] job = new io.vivarium.desktop.jobs.Job[1];
    job[0] =
        desk.jobs()
            .call(
                texts.get("job.publish", vm),
                "viv port " + vm + " " + option,
                progress -> desk.vivarium().publish(vm, wanted),
                info -> {
                  desk.vms().refresh();
                  desk.jobs().offerUndo(vm, job[0], () -> publishAgain(vm, before));
                });
  }

  private void publishAgain(String vm, List<PortSpec> ports) {
    desk.jobs()
        .call(
            texts.get("job.publish", vm),
            "",
            progress -> desk.vivarium().publish(vm, ports),
            info -> desk.vms().refresh());
  }

  private void capture() {
    String vm = item.name();
    if (capturing != null) {
      Path written = capturing;
      desk.jobs()
          .run(
              texts.get("job.capture.stop", vm),
              "",
              progress -> desk.vivarium().capture(vm, null),
              () -> {
                ended();
                desk.toasts().show(texts.get("capture.done", written));
              });
      return;
    }
    FileChooser chooser = new FileChooser();
    chooser.setInitialFileName(vm + ".pcap");
    File chosen = chooser.showSaveDialog(getScene().getWindow());
    if (chosen != null) {
      Path file = chosen.toPath();
      desk.jobs()
          .run(
              texts.get("job.capture", vm, file.getFileName()),
              "",
              progress -> desk.vivarium().capture(vm, file),
              () -> {
                capturing = file;
                capture.setText(texts.get("capture.stop"));
              });
    }
  }

  private void ended() {
    capturing = null;
    capture.setText(texts.get("capture.start"));
  }
}

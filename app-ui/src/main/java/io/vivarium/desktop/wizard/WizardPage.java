package io.vivarium.desktop.wizard;

import io.vivarium.desktop.ui.Banner;
import io.vivarium.desktop.ui.Command;
import io.vivarium.desktop.ui.Desk;
import io.vivarium.desktop.ui.Icons;
import io.vivarium.desktop.ui.Narrow;
import io.vivarium.desktop.ui.Nodes;
import io.vivarium.desktop.ui.Page;
import io.vivarium.desktop.ui.Place;
import io.vivarium.desktop.ui.Texts;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import javafx.beans.Observable;
import javafx.scene.Node;
import javafx.scene.control.ScrollPane;
import javafx.scene.control.TextField;
import javafx.scene.layout.HBox;
import javafx.scene.layout.Priority;
import javafx.scene.layout.StackPane;
import javafx.scene.layout.VBox;

/** Makes a VM: the form at the left, what it comes to at the right. */
public final class WizardPage implements Page {
  /** Width in em below which the summary stands below the form. */
  private static final double ROOM_FOR_TWO = 56;

  private final Desk desk;
  private final Texts texts;
  private final WizardStart start;
  private final WizardForm form;
  private final SourceChooser source;
  private final SizeChooser size;
  private final DeviceChooser devices;
  private final FieldBox nameBox;
  private final TextField name = Nodes.id(new TextField(), "wizard-name");
  private final SummaryBox summary;
  private final StackPane node = new StackPane();
  private final Node formNode;

  public WizardPage(Desk desk, WizardStart start) {
    this.desk = desk;
    this.texts = desk.texts();
    this.start = start;
    this.form = new WizardForm(desk.limits(), taken -> desk.vms().find(taken).isPresent(), texts);
    form.ownKernel.set(start.ownKernel());
    form.kernel.set(start.kernel());
    form.copy.set(start.importing());
    form.disk.set(start.disk());
    source = new SourceChooser(form, texts);
    size = new SizeChooser(form, desk.limits(), texts);
    devices = new DeviceChooser(form, start.importing(), texts);
    name.textProperty().bindBidirectional(form.name);
    name.setOnKeyTyped(e -> form.nameTyped());
    nameBox = new FieldBox("wizard-name", texts.get("wizard.name"), name);
    summary =
        new SummaryBox(
            form,
            desk,
            () -> create(true),
            () -> create(false),
            this::createDisposable,
            this::cancel);
    formNode = buildForm();
    node.getChildren().setAll(formNode);
    Stream.<Observable>of(
            form.ownKernel,
            form.image,
            form.kernel,
            form.initrd,
            form.cmdline,
            form.name,
            form.memory,
            form.cpus,
            form.disk,
            form.copy,
            form.network,
            form.ports,
            form.disposable)
        .forEach(property -> property.addListener(changed -> validate()));
    validate();
  }

  private Node buildForm() {
    VBox fields =
        Nodes.column(
            "wizard-fields",
            section("wizard.section.source", source),
            section("wizard.section.name", nameBox),
            section("wizard.section.size", size),
            section("wizard.section.devices", devices),
            source.advanced());
    if (start.importing()) {
      fields.getChildren().addFirst(section("wizard.section.import", devices.diskBox()));
    }
    ScrollPane scroll = new ScrollPane(fields);
    scroll.setFitToWidth(true);
    scroll.getStyleClass().add("edge-to-edge");
    HBox.setHgrow(scroll, Priority.ALWAYS);
    HBox columns = Nodes.row("wizard-columns", scroll, summary);
    Narrow.watch(
        columns,
        ROOM_FOR_TWO,
        narrow -> {
          columns.getChildren().setAll(scroll);
          fields.getChildren().remove(summary);
          (narrow ? fields : columns).getChildren().add(summary);
        });
    VBox.setVgrow(columns, Priority.ALWAYS);
    return Nodes.column(
        "page",
        Nodes.row(
            "page-head",
            Nodes.iconButton(texts.get("verb.back"), Icons.BACK, this::cancel),
            Nodes.label(
                texts.get(start.importing() ? "wizard.import.title" : "wizard.title"),
                "page-title")),
        columns);
  }

  private Node section(String key, Node content) {
    return Nodes.column("wizard-section", Nodes.label(texts.get(key), "section-title"), content);
  }

  @Override
  public Node node() {
    return node;
  }

  @Override
  public Place place() {
    return Place.ALL;
  }

  @Override
  public List<Command> commands() {
    return List.of(
        Command.of(texts.get("verb.back"), "", Icons.BACK, "Esc", this::cancel),
        Command.of(
            texts.get("wizard.create.start"), "", Icons.START, "Ctrl+Enter", () -> create(true)));
  }

  @Override
  public void opened() {
    desk.jobs()
        .read(
            () -> desk.vivarium().images(),
            images -> source.show(images, start.image()),
            why -> desk.banners().add(Banner.error(String.valueOf(why.getMessage()), why.cure())));
  }

  @Override
  public void takeFocus() {
    if (start.importing() && start.disk().isEmpty()) {
      devices.focusDisk();
    } else {
      name.requestFocus();
      name.selectAll();
    }
  }

  private void validate() {
    Map<WizardForm.Field, String> problems = form.problems();
    source.showProblems(
        problems.getOrDefault(WizardForm.Field.IMAGE, ""),
        form.kernel.get().isBlank() ? "" : problems.getOrDefault(WizardForm.Field.KERNEL, ""),
        problems.getOrDefault(WizardForm.Field.INITRD, ""));
    nameBox.show(problems.getOrDefault(WizardForm.Field.NAME, ""));
    size.showProblems(
        problems.getOrDefault(WizardForm.Field.MEMORY, ""),
        problems.getOrDefault(WizardForm.Field.CPUS, ""));
    devices.showProblems(
        problems.getOrDefault(WizardForm.Field.DISK, ""),
        problems.getOrDefault(WizardForm.Field.PORTS, ""));
    summary.refresh(problems.isEmpty());
  }

  private void createDisposable() {
    form.disposable.set(true);
    create(true);
    form.disposable.set(false);
  }

  private void cancel() {
    desk.navigator().go(Place.ALL);
  }

  private void create(boolean andStart) {
    if (!form.problems().isEmpty()) {
      return;
    }
    LaunchView launch =
        new LaunchView(desk, form.spec(), form.imported(), form.command(), andStart);
    node.getChildren().setAll(launch);
    launch.run(
        made -> {
          if (desk.navigator().shows(this)) {
            desk.navigator().openVm(made);
          }
        },
        () -> node.getChildren().setAll(formNode));
  }
}

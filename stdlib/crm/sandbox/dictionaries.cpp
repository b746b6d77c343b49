// The dictionaries of a fresh account: statuses, types, methods, stores.
#include "stdlib/crm/sandbox/dictionaries.hpp"

namespace pipewright::crm::sandbox {
namespace {

constexpr const char* statuses = R"json(
{"new":{"name":"Новый","code":"new","active":true,"ordering":10,"group":"new"},
"availability-confirmed":{"name":"Наличие подтверждено","code":"availability-confirmed","active":true,"ordering":10,"group":"approval"},
"offer-analog":{"name":"Предложить замену","code":"offer-analog","active":true,"ordering":20,"group":"approval"},
"ready-to-wait":{"name":"Готов ждать","code":"ready-to-wait","active":true,"ordering":30,"group":"approval"},
"waiting-for-arrival":{"name":"Ожидается поступление","code":"waiting-for-arrival","active":true,"ordering":40,"group":"approval"},
"client-confirmed":{"name":"Согласовано с клиентом","code":"client-confirmed","active":true,"ordering":50,"group":"approval"},
"prepayed":{"name":"Предоплата поступила","code":"prepayed","active":true,"ordering":60,"group":"approval"},
"send-to-assembling":{"name":"Передано в комплектацию","code":"send-to-assembling","active":true,"ordering":10,"group":"assembling"},
"assembling":{"name":"Комплектуется","code":"assembling","active":true,"ordering":20,"group":"assembling"},
"assembling-complete":{"name":"Укомплектован","code":"assembling-complete","active":true,"ordering":30,"group":"assembling"},
"send-to-delivery":{"name":"Передан в доставку","code":"send-to-delivery","active":true,"ordering":10,"group":"delivery"},
"delivering":{"name":"Доставляется","code":"delivering","active":true,"ordering":20,"group":"delivery"},
"redirect":{"name":"Доставка перенесена","code":"redirect","active":true,"ordering":30,"group":"delivery"},
"ready-for-self-pickup":{"name":"Готов к самовывозу","code":"ready-for-self-pickup","active":true,"ordering":40,"group":"delivery"},
"arrived-in-pickup-point":{"name":"Прибыл в ПВЗ","code":"arrived-in-pickup-point","active":true,"ordering":50,"group":"delivery"},
"complete":{"name":"Выполнен","code":"complete","active":true,"ordering":10,"group":"complete"},
"partially-completed":{"name":"Выполнен частично","code":"partially-completed","active":true,"ordering":20,"group":"complete"},
"no-call":{"name":"Недозвон","code":"no-call","active":true,"ordering":10,"group":"cancel"},
"no-product":{"name":"Нет в наличии","code":"no-product","active":true,"ordering":20,"group":"cancel"},
"already-buyed":{"name":"Купил в другом месте","code":"already-buyed","active":true,"ordering":30,"group":"cancel"},
"delyvery-did-not-suit":{"name":"Не устроила доставка","code":"delyvery-did-not-suit","active":true,"ordering":40,"group":"cancel"},
"prices-did-not-suit":{"name":"Не устроила цена","code":"prices-did-not-suit","active":true,"ordering":50,"group":"cancel"},
"cancel-other":{"name":"Отменен","code":"cancel-other","active":true,"ordering":60,"group":"cancel"},
"return":{"name":"Возврат","code":"return","active":true,"ordering":70,"group":"cancel"}}
)json";

constexpr const char* status_groups = R"json(
{"new":{"name":"Новый","code":"new","active":true,"ordering":10,"process":false,"statuses":["new"]},
"approval":{"name":"Согласование","code":"approval","active":true,"ordering":20,"process":true,"statuses":["availability-confirmed","offer-analog","ready-to-wait","waiting-for-arrival","client-confirmed","prepayed"]},
"assembling":{"name":"Комплектация","code":"assembling","active":true,"ordering":30,"process":true,"statuses":["send-to-assembling","assembling","assembling-complete"]},
"delivery":{"name":"Доставка","code":"delivery","active":true,"ordering":40,"process":true,"statuses":["send-to-delivery","delivering","redirect","ready-for-self-pickup","arrived-in-pickup-point"]},
"complete":{"name":"Выполнен","code":"complete","active":true,"ordering":50,"process":false,"statuses":["complete","partially-completed"]},
"cancel":{"name":"Отменен","code":"cancel","active":true,"ordering":60,"process":false,"statuses":["no-call","no-product","already-buyed","delyvery-did-not-suit","prices-did-not-suit","cancel-other","return"]}}
)json";

constexpr const char* order_types = R"json(
{"main":{"name":"Основной","code":"main","active":true,"defaultForCrm":true,"defaultForApi":true,"ordering":10}}
)json";

constexpr const char* order_methods = R"json(
{"phone":{"name":"По телефону","code":"phone","active":true,"defaultForCrm":true,"defaultForApi":false,"isFromPos":false},
"shopping-cart":{"name":"Через корзину","code":"shopping-cart","active":true,"defaultForCrm":false,"defaultForApi":true,"isFromPos":false},
"one-click":{"name":"В один клик","code":"one-click","active":true,"defaultForCrm":false,"defaultForApi":false,"isFromPos":false},
"price-decrease-request":{"name":"Запрос на понижение цены","code":"price-decrease-request","active":true,"defaultForCrm":false,"defaultForApi":false,"isFromPos":false},
"landing-page":{"name":"Заявка с посадочной страницы","code":"landing-page","active":true,"defaultForCrm":false,"defaultForApi":false,"isFromPos":false},
"offline":{"name":"Оффлайн","code":"offline","active":true,"defaultForCrm":false,"defaultForApi":false,"isFromPos":false},
"app":{"name":"Мобильное приложение","code":"app","active":true,"defaultForCrm":false,"defaultForApi":false,"isFromPos":false},
"live-chat":{"name":"Онлайн-консультант","code":"live-chat","active":true,"defaultForCrm":false,"defaultForApi":false,"isFromPos":false},
"terminal":{"name":"Терминал","code":"terminal","active":true,"defaultForCrm":false,"defaultForApi":false,"isFromPos":false},
"missed-call":{"name":"Пропущенный звонок","code":"missed-call","active":true,"defaultForCrm":false,"defaultForApi":false,"isFromPos":false},
"messenger":{"name":"Мессенджеры","code":"messenger","active":true,"defaultForCrm":false,"defaultForApi":false,"isFromPos":false}}
)json";

constexpr const char* delivery_types = R"json(
{"courier":{"name":"Доставка курьером","code":"courier","active":true,"defaultCost":0,"defaultNetCost":0,"currency":"RUB","deliveryPaymentTypes":[{"code":"cash","cod":false},{"code":"bank-card","cod":false},{"code":"e-money","cod":false},{"code":"bank-transfer","cod":false},{"code":"credit","cod":false}],"deliveryServices":[],"defaultForCrm":true},
"self-delivery":{"name":"Самовывоз","code":"self-delivery","active":true,"defaultCost":0,"defaultNetCost":0,"currency":"RUB","deliveryPaymentTypes":[{"code":"cash","cod":false},{"code":"bank-card","cod":false},{"code":"e-money","cod":false},{"code":"bank-transfer","cod":false},{"code":"credit","cod":false}],"deliveryServices":[],"defaultForCrm":false}}
)json";

constexpr const char* payment_types = R"json(
{"cash":{"name":"Наличные","code":"cash","active":true,"defaultForCrm":true,"defaultForApi":false,"deliveryTypes":["courier","self-delivery"],"paymentStatuses":["not-paid","payment-start","paid","fail"]},
"bank-card":{"name":"Банковская карта","code":"bank-card","active":true,"defaultForCrm":false,"defaultForApi":false,"deliveryTypes":["courier","self-delivery"],"paymentStatuses":["not-paid","payment-start","paid","fail"]},
"e-money":{"name":"Электронные деньги","code":"e-money","active":true,"defaultForCrm":false,"defaultForApi":false,"deliveryTypes":["courier","self-delivery"],"paymentStatuses":["not-paid","payment-start","paid","fail"]},
"bank-transfer":{"name":"Банковский перевод","code":"bank-transfer","active":true,"defaultForCrm":false,"defaultForApi":false,"deliveryTypes":["courier","self-delivery"],"paymentStatuses":["not-paid","payment-start","paid","fail","invoice"]},
"credit":{"name":"Кредит","code":"credit","active":true,"defaultForCrm":false,"defaultForApi":false,"deliveryTypes":["courier","self-delivery"],"paymentStatuses":["not-paid","payment-start","paid","fail","credit-check","credit-approved"]}}
)json";

constexpr const char* payment_statuses = R"json(
{"payment-start":{"name":"Платеж проведен","code":"payment-start","active":true,"defaultForCrm":false,"defaultForApi":false,"paymentComplete":false,"ordering":30,"paymentTypes":["cash","bank-card","e-money","bank-transfer","credit"]},
"paid":{"name":"Оплачен","code":"paid","active":true,"defaultForCrm":false,"defaultForApi":false,"paymentComplete":true,"ordering":60,"paymentTypes":["cash","bank-card","e-money","bank-transfer","credit"]},
"credit-check":{"name":"Проверка документов на кредит","code":"credit-check","active":true,"defaultForCrm":false,"defaultForApi":false,"paymentComplete":false,"ordering":40,"paymentTypes":["credit"]},
"credit-approved":{"name":"Кредит одобрен","code":"credit-approved","active":true,"defaultForCrm":false,"defaultForApi":false,"paymentComplete":false,"ordering":50,"paymentTypes":["credit"]},
"fail":{"name":"Ошибка","code":"fail","active":true,"defaultForCrm":false,"defaultForApi":false,"paymentComplete":false,"ordering":55,"paymentTypes":["cash","bank-card","e-money","bank-transfer","credit"]},
"not-paid":{"name":"Не оплачен","code":"not-paid","active":true,"defaultForCrm":false,"defaultForApi":false,"paymentComplete":false,"ordering":10,"paymentTypes":["cash","bank-card","e-money","bank-transfer","credit"]},
"invoice":{"name":"Выставлен счет","code":"invoice","active":true,"defaultForCrm":false,"defaultForApi":false,"paymentComplete":false,"ordering":20,"paymentTypes":["bank-transfer"]}}
)json";

constexpr const char* product_statuses = R"json(
{"new":{"code":"new","ordering":10,"active":true,"createdAt":"2018-09-04 16:35:03","cancelStatus":false,"name":"Добавлен"},
"confirming":{"code":"confirming","ordering":20,"active":true,"createdAt":"2018-09-04 16:35:03","cancelStatus":false,"name":"Подтверждение наличия"},
"in-reserve":{"code":"in-reserve","ordering":30,"active":true,"createdAt":"2018-09-04 16:35:03","cancelStatus":false,"name":"В резерве"},
"assembly-delivery":{"code":"assembly-delivery","ordering":40,"active":true,"createdAt":"2018-09-04 16:35:03","cancelStatus":false,"name":"Доставляется на точку сборки"},
"ready-for-assembly":{"code":"ready-for-assembly","ordering":50,"active":true,"createdAt":"2018-09-04 16:35:03","cancelStatus":false,"name":"Готов к комплектации"},
"completed":{"code":"completed","ordering":60,"active":true,"createdAt":"2018-09-04 16:35:03","cancelStatus":false,"name":"Укомплектован"},
"saled":{"code":"saled","ordering":70,"active":true,"createdAt":"2018-09-04 16:35:03","orderStatusByProductStatus":"complete","orderStatusForProductStatus":"complete","cancelStatus":false,"name":"Продан"},
"out-of-stock":{"code":"out-of-stock","ordering":80,"active":true,"createdAt":"2018-09-04 16:35:03","orderStatusByProductStatus":"no-product","orderStatusForProductStatus":"no-product","cancelStatus":true,"name":"Нет в наличии"},
"failure":{"code":"failure","ordering":90,"active":true,"createdAt":"2018-09-04 16:35:03","cancelStatus":true,"name":"Отказ клиента"},
"product-is-damaged":{"code":"product-is-damaged","ordering":100,"active":true,"createdAt":"2018-09-04 16:35:03","cancelStatus":true,"name":"Товар поврежден"},
"assembly-not-delivery":{"code":"assembly-not-delivery","ordering":110,"active":true,"createdAt":"2018-09-04 16:35:03","cancelStatus":true,"name":"Не доставлен на точку сборки"},
"lost":{"code":"lost","ordering":120,"active":true,"createdAt":"2018-09-04 16:35:03","cancelStatus":true,"name":"Потерян"},
"returned":{"code":"returned","ordering":130,"active":true,"createdAt":"2018-09-04 16:35:03","cancelStatus":true,"name":"Возврат"}}
)json";

constexpr const char* sites = R"json(
{}
)json";

constexpr const char* units = R"json(
{"pc":{"code":"pc","name":"Штука","sym":"шт.","default":true,"active":true},
"kg":{"code":"kg","name":"Килограмм","sym":"кг","default":false,"active":true}}
)json";

constexpr const char* stores = R"json(
[{"type":"store-type-warehouse","inventoryType":"integer","active":true,"phone":{},"code":"main","name":"Основной","address":{"countryIso":"RU","city":"Москва","text":"Москва"},"workTime":{"mo":[],"tu":[],"we":[],"th":[],"fr":[],"sa":[],"su":[]}}]
)json";

constexpr const char* price_types = R"json(
[{"id":4,"code":"base","name":"Базовая","active":true,"default":true,"geo":[],"groups":[],"ordering":991}]
)json";

constexpr const char* currencies = R"json(
[{"id":1,"code":"RUB","isBase":true,"isAutoConvert":false}]
)json";

constexpr const char* countries_iso = R"json(
["RU",
"BY",
"KZ",
"AM",
"KG"]
)json";

constexpr const char* legal_entities = R"json(
[]
)json";

constexpr const char* couriers = R"json(
[]
)json";

constexpr const char* cost_groups = R"json(
[]
)json";

constexpr const char* cost_items = R"json(
[]
)json";

constexpr const char* mg_channels = R"json(
[]
)json";

}  // namespace

nlohmann::json fresh_dictionaries() {
  nlohmann::json all;
  all["statuses"] = nlohmann::json::parse(statuses);
  all["statusGroups"] = nlohmann::json::parse(status_groups);
  all["orderTypes"] = nlohmann::json::parse(order_types);
  all["orderMethods"] = nlohmann::json::parse(order_methods);
  all["deliveryTypes"] = nlohmann::json::parse(delivery_types);
  all["paymentTypes"] = nlohmann::json::parse(payment_types);
  all["paymentStatuses"] = nlohmann::json::parse(payment_statuses);
  all["productStatuses"] = nlohmann::json::parse(product_statuses);
  all["sites"] = nlohmann::json::parse(sites);
  all["units"] = nlohmann::json::parse(units);
  all["stores"] = nlohmann::json::parse(stores);
  all["priceTypes"] = nlohmann::json::parse(price_types);
  all["currencies"] = nlohmann::json::parse(currencies);
  all["countriesIso"] = nlohmann::json::parse(countries_iso);
  all["legalEntities"] = nlohmann::json::parse(legal_entities);
  all["couriers"] = nlohmann::json::parse(couriers);
  all["costGroups"] = nlohmann::json::parse(cost_groups);
  all["costItems"] = nlohmann::json::parse(cost_items);
  all["mgChannels"] = nlohmann::json::parse(mg_channels);
  return all;
}

}  // namespace pipewright::crm::sandbox
